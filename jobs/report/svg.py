"""Specs become inert SVG: only what draws is let through, and ids are unique on the page."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from typing import Any, Final

from jobs.report.charts.look import Spec
from schemas.errors import MissingExtraError

_SVG: Final = "{http://www.w3.org/2000/svg}"
_ELEMENTS: Final = frozenset(
    {"svg", "g", "path", "text", "tspan", "rect", "line", "circle", "defs", "clipPath", "linearGradient", "stop"}
)  # fmt: skip
_ATTRIBUTES: Final = frozenset(
    {
        "width", "height", "viewBox", "transform", "d", "x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "r", "cx", "cy",
        "fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-linecap",
        "stroke-linejoin", "stroke-miterlimit", "stroke-dashoffset", "opacity", "font-family", "font-size",
        "font-weight", "font-style", "text-anchor", "id", "clip-path", "offset", "stop-color", "gradientUnits",
        "pointer-events",
    }
)  # fmt: skip
_LONG: Final = re.compile(r"-?\d+\.\d{2,}")
_POINTS_TO: Final = re.compile(r"^url\(#([\w-]+)\)$")


def require_drawing() -> None:
    """Raises MissingExtraError where no report can be made."""
    try:
        import jinja2  # noqa: F401
        import networkx as nx  # noqa: F401
        import vl_convert  # noqa: F401
    except ImportError:
        raise MissingExtraError("report", "The report") from None


def draw(spec: Spec, ids: str) -> str:
    """The picture as an `<svg>` element without script, event, link or style. `ids` begins the names inside it."""
    import vl_convert

    return inert(vl_convert.vegalite_to_svg(json.dumps(_finite(spec))), ids)


def inert(svg: str, ids: str) -> str:
    """An SVG text with only the elements and attributes that draw; references only into itself."""
    root = ET.fromstring(svg)  # noqa: S314 - made by vl-convert, which writes no entities
    _keep(root, ids)
    root.set("width", str(_whole(root.get("width"))))
    root.set("height", str(_whole(root.get("height"))))
    ET.register_namespace("", _SVG[1:-1])
    return ET.tostring(root, encoding="unicode")


def _keep(element: ET.Element, ids: str) -> None:
    for attribute, value in list(element.attrib.items()):
        kept = _kept(attribute, value, ids)
        if kept is None:
            del element.attrib[attribute]
        else:
            element.attrib[attribute] = kept
    for child in list(element):
        if child.tag.removeprefix(_SVG) not in _ELEMENTS:
            element.remove(child)
        else:
            _keep(child, ids)
            empty = child.tag == f"{_SVG}g" and len(child) == 0
            if empty:
                element.remove(child)


def _kept(attribute: str, value: str, ids: str) -> str | None:
    if attribute not in _ATTRIBUTES:
        return None
    if attribute == "id":
        return f"{ids}-{value}"
    if "url(" in value:
        found = _POINTS_TO.match(value)
        return f"url(#{ids}-{found.group(1)})" if found else None
    if attribute in ("d", "transform"):
        return _LONG.sub(lambda number: f"{float(number.group()):.1f}", value)
    return value


def _whole(length: str | None) -> int:
    return math.ceil(float((length or "0").removesuffix("px")))


def _finite(value: Any) -> Any:
    """Numbers that JSON cannot say become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value
