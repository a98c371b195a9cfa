"""A network on a circle: names as dots, ties as lines; neighbors stand close to each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jobs.report.charts.look import BLUE, RED, Look, Row, Spec, picture


def network(nodes: Sequence[Row], edges: Sequence[Row], look: Look) -> Spec:
    """Nodes: name, n. Edges: a, b (names), weight in [-1, 1]: below zero they are dashed. Wide lines: strong ties."""
    places = _places(nodes, edges)
    radius = 78 if look.narrow else 185  # pixels; the rest of the width is for names
    height = 2 * radius + 70
    ties = [
        {
            "x": places[e["a"]][0], "y": places[e["a"]][1], "x2": places[e["b"]][0], "y2": places[e["b"]][1],
            "weight": abs(e["weight"]), "below": e["weight"] < 0,
        }
        for e in edges
    ]  # fmt: skip
    points = [
        {"x": places[n["name"]][0], "y": places[n["name"]][1], "name": n["name"], "n": n["n"],
         "side": _side(places[n["name"]])}
        for n in nodes
    ]  # fmt: skip
    # Names stand outside the circle: room for them at the sides, less above and below.
    across, upward = look.width / 2 / radius, height / 2 / radius

    def at(field: str, limit: float) -> Spec:
        return {"field": field, "type": "quantitative", "axis": None, "scale": {"domain": [-limit, limit]}}  # fmt: skip

    x, y = at("x", across), at("y", upward)
    strongest = max((tie["weight"] for tie in ties), default=1.0) or 1.0
    most = max((point["n"] for point in points), default=1) or 1
    layers: list[Spec] = [
        {
            "data": {"values": ties},
            "mark": {"type": "rule", "opacity": 0.55, "strokeCap": "round"},
            "encoding": {
                "x": x, "y": y, "x2": {"field": "x2"}, "y2": {"field": "y2"},
                "strokeWidth": {"field": "weight", "type": "quantitative", "legend": None,
                                "scale": {"domain": [0, strongest], "range": [0.5, 7]}},
                "color": {"condition": {"test": "datum.below", "value": RED}, "value": BLUE},
                "strokeDash": {"condition": {"test": "datum.below", "value": [4, 4]}, "value": [1, 0]},
            },
        },
        {
            "mark": {"type": "circle", "color": "#1b1f24", "opacity": 1},
            "encoding": {
                "x": x, "y": y,
                "size": {"field": "n", "type": "quantitative", "legend": None,
                         "scale": {"domain": [0, most], "range": [20, 180 if look.narrow else 420]}},
            },
        },
    ]  # fmt: skip
    for which, align, dx, dy in (
        ("right", "left", 13, 0), ("left", "right", -13, 0), ("above", "center", 0, -17), ("below", "center", 0, 18),
    ):  # fmt: skip
        layers.append(
            {
                "transform": [{"filter": f"datum.side === '{which}'"}],
                "mark": {"type": "text", "align": align, "dx": dx, "dy": dy, "limit": 90 if look.narrow else 150},
                "encoding": {"x": x, "y": y, "text": {"field": "name", "type": "nominal"}},
            }
        )  # fmt: skip
    return picture(look, height, points, layers)


def _places(nodes: Sequence[Row], edges: Sequence[Row]) -> dict[str, tuple[float, float]]:
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(node["name"] for node in nodes)
    graph.add_weighted_edges_from((e["a"], e["b"], max(e["weight"], 0.0)) for e in edges)
    # The springs only say who is close to whom; on the circle no name hides another.
    sprung = nx.spring_layout(graph, seed=7, iterations=200) if len(graph) > 2 else {}
    angles = {n: math.atan2(*sprung[n][::-1]) if n in sprung else 0.0 for n in graph}
    order = sorted(graph, key=lambda name: (angles[name], name))
    step = 2 * math.pi / max(len(order), 1)
    return {name: (math.cos(k * step), math.sin(k * step)) for k, name in enumerate(order)}


def _side(place: tuple[float, float]) -> str:
    if abs(place[0]) > 0.2:
        return "right" if place[0] > 0 else "left"
    return "above" if place[1] > 0 else "below"
