import json
import xml.etree.ElementTree as ET

import pytest

from jobs.report.charts.bands import bands
from jobs.report.charts.bars import bars
from jobs.report.charts.dots import dots
from jobs.report.charts.heat import heat
from jobs.report.charts.histogram import histogram
from jobs.report.charts.lines import lines
from jobs.report.charts.look import NARROW, WIDE, spread, whole_ticks
from jobs.report.charts.network import network
from jobs.report.svg import draw, inert

pytest.importorskip("vl_convert")

SVG = "{http://www.w3.org/2000/svg}"


def drawn(spec):
    return ET.fromstring(draw(spec, "t"))


def texts(root):
    return [element.text for element in root.iter(f"{SVG}text") if element.text]


def test_places_are_spread_by_hand():
    # 0 and 1 stand closer than 4: about their middle .5 they go to -1.5 and 2.5; 20 is far away and stays.
    assert spread([0, 20, 1], 4) == [-1.5, 20, 2.5]
    # The pair 10, 11 goes to 8.5 and 12.5, which pushes 14: the three share the middle 35/3 = 11.67.
    assert spread([10, 11, 14], 4) == pytest.approx([35 / 3 - 4, 35 / 3, 35 / 3 + 4])
    assert spread([], 4) == []


@pytest.mark.parametrize("look", [WIDE, NARROW])
def test_bars_are_as_long_as_their_numbers(look):
    rows = [{"name": "a", "value": 30, "text": "30"}, {"name": "b", "value": 10, "text": "ten"}]
    root = drawn(bars(rows, look, unit="rows"))
    paths = [p for p in root.iter(f"{SVG}path") if p.get("fill") == "#0072B2"]
    lengths = [path_width(p.get("d")) for p in paths]
    assert lengths[0] == pytest.approx(3 * lengths[1], rel=0.01)
    assert {"a", "b", "30", "ten", "rows"} <= set(texts(root))
    assert int(root.get("width")) <= look.width


def path_width(d):
    numbers = [float(x) for x in d.replace("M", " ").replace("L", " ").replace("h", " ").replace("v", " ")
               .replace("Z", " ").replace(",", " ").split()]  # fmt: skip
    return numbers[2]  # M x,y h width …


@pytest.mark.parametrize("look", [WIDE, NARROW])
def test_what_is_written_at_bars_is_not_cut_off(look):
    rows = [
        {"name": "up", "value": 0.5, "text": "+50.0 (z +12.3)"},
        {"name": "down", "value": -0.4, "text": "-40.0 (z -10.3)"},
    ]
    root = drawn(bars(rows, look, unit="points"))
    for group, text in with_places(root):
        if text.text.startswith("+50"):
            assert group + len(text.text) * 6.6 <= look.width + 8
        if text.text.startswith("-40"):
            assert group - len(text.text) * 6.6 >= -8


def with_places(element, x=0.0):
    moved = element.get("transform", "")
    if moved.startswith("translate("):
        x += float(moved.removeprefix("translate(").split(",")[0].split(")")[0])
    if element.tag == f"{SVG}text" and element.text:
        yield x, element
    for child in element:
        yield from with_places(child, x)


def test_long_names_stand_above_bars_where_there_is_no_room_beside():
    rows = [{"name": "gratitude and appreciation", "value": 1, "text": "1"}]
    assert "gratitude and appreciation" in texts(drawn(bars(rows, NARROW, unit="n")))


def test_lines_end_with_their_names_apart():
    rows = [
        {"time": f"2026-03-0{day}", "name": name, "hue": hue, "value": 0.5}
        for day in (1, 2, 3)
        for hue, name in enumerate(("joy", "love"))
    ]
    root = drawn(lines(rows, WIDE, unit="share", share=True))
    assert {"joy", "love", "Mar 1", "Mar 2", "Mar 3"} <= set(texts(root))
    spec = lines(rows, WIDE, unit="share")
    names = spec["layer"][1]["data"]["values"]
    assert abs(names[0]["place"] - names[1]["place"]) == pytest.approx(
        15
    )  # same value, not the same place


def test_one_day_is_a_point_and_breaks_nothing():
    root = drawn(
        lines([{"time": "2026-03-01", "name": "joy", "hue": 0, "value": 0.0}], NARROW, unit="share")
    )
    assert "joy" in texts(root)


def test_bands_show_no_interval_where_none_is_known():
    rows = [
        {"x": x, "value": 0.1 * x, "low": None, "high": None, "name": "all", "hue": 0}
        for x in (1, 2)
    ]
    assert "all" in texts(drawn(bands(rows, WIDE, x_title="tenth", unit="valence")))


def test_heat_cells_have_readable_letters():
    rows = [
        {"x": a, "y": b, "x_order": i, "y_order": j, "value": value, "text": f"{value * 100:.0f}"}
        for (i, a, j, b), value in zip(
            [(0, "joy", 0, "joy"), (1, "fear", 0, "joy"), (0, "joy", 1, "fear"), (1, "fear", 1, "fear")],
            [0.9, 0.1, 0.2, 0.8], strict=True,
        )
    ]  # fmt: skip
    root = drawn(heat(rows, WIDE, x_title="then", y_title="from", unit="share", share=True))
    fills = {
        t.text: t.get("fill") for t in root.iter(f"{SVG}text") if t.text in {"90", "10", "20", "80"}
    }
    # Cividis is light at its upper end, dark at its lower: black on light, white on dark.
    assert fills == {"90": "#1b1f24", "10": "#ffffff", "20": "#ffffff", "80": "#1b1f24"}


def test_groups_differ_by_shape_too():
    rows = [
        {"name": "joy", "group": group, "value": value}
        for group, value in (("host", 0.2), ("guest", 0.4))
    ]
    root = drawn(dots(rows, WIDE, unit="share", share=True))
    shapes = {
        p.get("d") for p in root.iter(f"{SVG}path") if p.get("stroke") in {"#0072B2", "#D55E00"}
    }
    assert {"host", "guest"} <= set(texts(root))
    assert len(shapes) >= 2


def test_network_and_histogram_have_their_names():
    nodes = [{"name": name, "n": 10 * k} for k, name in enumerate(("a", "b", "c", "d"), start=1)]
    edges = [{"a": "a", "b": "b", "weight": 0.4}, {"a": "c", "b": "d", "weight": -0.2}]
    for look in (WIDE, NARROW):
        assert {"a", "b", "c", "d"} <= set(texts(drawn(network(nodes, edges, look))))
    assert network(nodes, edges, WIDE) == network(nodes, edges, WIDE)  # the same each time
    root = drawn(
        histogram(
            [{"low": 0.0, "high": 0.2, "n": 3}],
            WIDE,
            x_title="inertia",
            unit="n",
            limits=(0, 1),
            middle=0.1,
        )
    )
    assert "inertia" in texts(root)


def test_names_are_data_and_never_part_of_the_spec():
    evil = "datum['x'] \\ [0].y"
    rows = [{"name": evil, "value": 1, "text": evil}]
    spec = bars(rows, WIDE, unit="n")
    data = spec.pop("data")
    assert evil not in json.dumps(spec)
    assert json.dumps(evil)[1:-1] in json.dumps(data)


def test_svg_loses_everything_that_acts():
    bad = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="1.2" height="2">'
        '<script>alert(1)</script><a xlink:href="https://evil.example"><text>x</text></a>'
        '<image href="https://evil.example/x.png"/><foreignObject><b/></foreignObject><style>*{}</style>'
        '<g onclick="alert(1)" style="x"><rect id="one" fill="url(#one)" clip-path="url(https://evil.example)"/></g></svg>'
    )
    assert inert(bad, "p1") == (
        '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2">'
        '<g><rect id="p1-one" fill="url(#p1-one)" /></g></svg>'
    )


def test_ticks_of_counts_by_hand():
    assert whole_ticks(0, 0, 4) == [0]
    assert whole_ticks(0, 1, 8) == [0, 1]
    assert whole_ticks(0, 5, 8) == [0, 1, 2, 3, 4, 5]
    assert whole_ticks(0, 9, 4) == [0, 5]  # 9 / 2 = 4.5 is more than 4, 9 / 5 is not
    assert whole_ticks(-3, 7, 5) == [-2, 0, 2, 4, 6]
    assert whole_ticks(0, 70_628, 8) == [10_000 * k for k in range(8)]


@pytest.mark.parametrize("look", [WIDE, NARROW])
@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_counts_have_no_half_ticks(look, most):
    ticks = {str(k) for k in range(most + 1)}
    row = {"name": "a", "value": most, "text": "t"}
    seen = set(texts(drawn(bars([row], look, unit="chains")))) - {"a", "t", "chains"}
    assert {"0"} < seen <= ticks
    bins = [{"low": 0, "high": 0.2, "n": most}]
    shown = texts(drawn(histogram(bins, look, x_title="x", unit="speakers", limits=(0, 1))))
    above = set(shown[shown.index("x") + 1 : shown.index("speakers")])
    assert {"0"} < above <= ticks
    curve = [{"x": k, "value": 0.1, "name": "n", "hue": 0} for k in range(1, most + 2)]
    shown = texts(drawn(bands(curve, look, x_title="x", unit="u")))
    below = shown[: shown.index("x")]
    assert len(below) == len(set(below))
