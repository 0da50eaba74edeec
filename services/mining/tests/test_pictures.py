"""Every model becomes a well-formed picture; names of steps stay text."""

import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cjm_mining.adapters import pm4py_discovery as discovery
from cjm_mining.adapters.graphviz_pictures import picture
from cjm_mining.adapters.results import model_result
from cjm_mining.domain.analysis import PARAMETERS, Kind, percent
from cjm_mining.domain.models import MoveCounts
from cjm_protos.ingest.v1 import questions_pb2
from cjm_protos.mining.v1 import analysis_pb2

Way = tuple[str, ...]
MODELS = [kind for kind in Kind if kind is not Kind.DIRECTLY_FOLLOWS]
SVG = "{http://www.w3.org/2000/svg}"


def result_of(kind: Kind, ways: Mapping[Way, int], counts: MoveCounts) -> analysis_pb2.AnalysisResult:
    parameters = {parameter.name: parameter.default for parameter in PARAMETERS[kind]}
    if kind.needs_variants:
        return model_result(discovery.FROM_VARIANTS[kind](ways, parameters))
    return model_result(discovery.FROM_COUNTS[kind](counts, parameters))


def graph_of(ways: Mapping[Way, int], counts: MoveCounts) -> analysis_pb2.AnalysisResult:
    graph = questions_pb2.DirectlyFollowsGraph(cases_count=sum(ways.values()))
    for place, (activity, events_count) in enumerate(counts.activities.items()):
        graph.nodes.add(activity=activity, events_count=events_count, cases_count=1, mean_rank=place, starts_count=1)
    for (source, target), moves_count in counts.directly_follows.items():
        graph.edges.add(source=source, target=target, moves_count=moves_count)
    return analysis_pb2.AnalysisResult(directly_follows=graph)


def texts(svg: bytes) -> str:
    return " ".join("".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text"))


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_drawn(
    kind: Kind, is_dark: bool, running_example: Mapping[Way, int], counted: Callable[..., MoveCounts]
) -> None:
    counts = counted(running_example)
    result = (
        graph_of(running_example, counts) if kind is Kind.DIRECTLY_FOLLOWS else result_of(kind, running_example, counts)
    )
    svg = picture(result, "svg", is_dark=is_dark)
    for activity in counts.activities:
        assert activity in texts(svg)
    assert ("#0f1419" in svg.decode().lower()) is is_dark
    image = Image.open(io.BytesIO(picture(result, "png", is_dark=is_dark)))
    assert image.format == "PNG"
    assert image.width + image.height <= 10_000
    corner = image.convert("RGB").getpixel((1, 1))
    assert corner == ((15, 20, 25) if is_dark else (245, 247, 249))


HOSTILE = (
    "<script>alert(1)</script>",
    '"quoted" & <b>bold</b>',
    "<table>",
    r"back\slash \N \E",
    " ",
    "&#0; \x00\x07 &lt;",
    "日本語のステップ 🛒",
    "x" * 500,
    "n0",
    "%n->n1",
)


@pytest.mark.parametrize("kind", Kind)
def test_hostile_names_stay_text(kind: Kind, counted: Callable[..., MoveCounts]) -> None:
    ways: dict[Any, int] = {HOSTILE: 3, HOSTILE[::-1]: 2}
    counts = counted(ways)
    result = graph_of(ways, counts) if kind is Kind.DIRECTLY_FOLLOWS else result_of(kind, ways, counts)
    svg = picture(result, "svg", is_dark=False)
    root = ET.fromstring(svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "g", "title", "text", "path", "polygon", "polyline", "ellipse",
    }  # fmt: skip
    assert "<script>alert(1)" in texts(svg)
    assert picture(result, "png", is_dark=False).startswith(b"\x89PNG")


def test_a_caption_stands_above_and_stays_text(
    running_example: Mapping[Way, int], counted: Callable[..., MoveCounts]
) -> None:
    graph = graph_of(running_example, counted(running_example))
    long = "one of very many filters · " * 200
    caption = ["</text><script>alert(1)</script> &\x00Co", long, "y" * 5_000, ""]
    svg = picture(graph, "svg", is_dark=False, caption=caption)
    drawn = [(float(text.attrib["y"]), "".join(text.itertext())) for text in ET.fromstring(svg).iter(f"{SVG}text")]
    above = [text for _, text in sorted(drawn)[:9]]
    assert above[0] == "</text><script>alert(1)</script> & Co"
    assert above[1].startswith("one of very many filters · one of")
    assert above[4].endswith("…")
    assert above[5] == "y" * 52
    assert above[8].endswith("…")
    # Words of the caption never make the picture wider than a screen.
    assert Image.open(io.BytesIO(picture(graph, "png", is_dark=False, caption=caption))).width < 2_400


TESTS = Path(__file__).parent
MAPS = {stored["name"]: stored for stored in json.loads((TESTS / "sample_maps.json").read_text())}


def map_of(name: str) -> analysis_pb2.AnalysisResult:
    """The map of a sample."""
    stored = MAPS[name]
    graph = questions_pb2.DirectlyFollowsGraph(cases_count=stored["cases"])
    for activity, events, cases, starts, ends, rank in stored["steps"]:
        node = graph.nodes.add(activity=activity, events_count=events, cases_count=cases, mean_rank=rank)
        node.starts_count, node.ends_count = starts, ends
    for source, target, moves_count in stored["moves"]:
        graph.edges.add(source=source, target=target, moves_count=moves_count)
    return analysis_pb2.AnalysisResult(directly_follows=graph)


@pytest.mark.parametrize("by_page", json.loads((TESTS / "shown_paths.json").read_text()), ids=lambda page: page["name"])
def test_a_map_shows_what_the_page_does_says_how_much_and_fits_a_phone(by_page: Any) -> None:
    stored, shown = MAPS[by_page["name"]], by_page["shown"][0]
    result, about = map_of(by_page["name"]), {"is_dark": False, "caption": [by_page["name"]], "goal": shown["goal"]}
    svg = picture(result, "svg", **about)
    paths_count = sum(source != target for source, target, _ in stored["moves"])
    part = f"{len(shown['paths'])} of {paths_count} paths are drawn."
    assert (part in texts(svg)) is (len(shown["paths"]) < paths_count)
    first, last = shown["main_way"][0], shown["main_way"][-1]
    assert titles(svg, "edge") == {*shown["paths"], f"Start → {first}", f"{last} → End"}
    repeats = {source: count for source, target, count in stored["moves"] if f"{source} → {target}" in shown["repeats"]}
    cards = {title.text: [*map(text_of, group.iter(f"{SVG}text"))] for group, title in groups(svg, "node")}
    for step, events, cases, starts, ends, _ in stored["steps"]:
        again = [f"↺ {repeats[step]:,}"] if step in repeats else []
        begun = [f"▸ {starts:,}"] if step in shown["starts"] else []
        left = [f"■ {ends:,}"] if step in shown["ends"] else []
        marks = [*again, *filter(None, ["   ".join([*begun, *left])])]
        assert cards[step] == [step, f"{events:,} · {percent(cases, stored['cases'])}", *marks]
    image = Image.open(io.BytesIO(picture(result, "png", **about)))
    # Names of steps are at least 9 of 360 points high: letters of 28 pixels.
    assert image.width <= 28 * 360 / 9 < image.height


def test_paths_there_and_back_are_both_labelled() -> None:
    labels = titles(picture(map_of("loans"), "svg", is_dark=False, goal="Loan paid out"), "node")
    assert {"Papers requested → Papers received", "Papers received → Papers requested"} <= labels
    labels = titles(picture(map_of("web shop"), "svg", is_dark=True, goal="purchase"), "node")
    assert {"payment_details → purchase", "purchase → payment_details"} <= labels


def test_a_heuristics_net_says_on_its_steps_where_journeys_start_end_and_repeat() -> None:
    net = analysis_pb2.HeuristicsNet(starts={"a": 40, "b": 2}, ends={"c": 30, "a": 12})
    for activity, events_count in (("a", 60), ("b", 50), ("c", 30)):
        net.nodes.add(activity=activity, events_count=events_count)
    for source, target, moves_count, ratio in (
        ("a", "b", 48, 0.98),
        ("b", "c", 30, 0.9),
        ("b", "a", 12, -0.5),
        ("b", "b", 8, 0.89),
    ):
        net.edges.add(source=source, target=target, moves_count=moves_count, dependency_ratio=ratio)
    svg = picture(analysis_pb2.AnalysisResult(heuristics_net=net), "svg", is_dark=False, caption=["Net"])
    assert titles(svg, "edge") == {"Start → a", "a → b", "b → a", "b → c", "c → End"}
    said = {title.text: [*map(text_of, group.iter(f"{SVG}text"))] for group, title in groups(svg, "node")}
    assert (said["a"], said["b"], said["c"]) == (["a", "60", "■ 12"], ["b", "50", "↺ 8 · 0.89", "▸ 2"], ["c", "30"])
    assert (said["Start → a"], said["c → End"], said["a → b"]) == (["40"], ["30"], ["48 · 0.98"])
    assert "▸ started here · ■ left here · ↺ repeats" in texts(svg).replace("\xa0", " ")


def groups(svg: bytes, kind: str) -> list[tuple[ET.Element, ET.Element]]:
    """Nodes or edges of a picture with their titles."""
    found = [group for group in ET.fromstring(svg).iter(f"{SVG}g") if group.attrib["class"].split()[0] == kind]
    return [(group, group[0]) for group in found]


def titles(svg: bytes, kind: str) -> set[str]:
    return {title.text or "" for _, title in groups(svg, kind)}


def text_of(element: ET.Element) -> str:
    return "".join(element.itertext()).replace("\xa0", " ")


def test_titles_name_the_steps(running_example: Mapping[Way, int], counted: Callable[..., MoveCounts]) -> None:
    svg = picture(graph_of(running_example, counted(running_example)), "svg", is_dark=False)
    titles = {element.text for element in ET.fromstring(svg).iter(f"{SVG}title")}
    assert "check ticket → decide" in titles
    assert not any(title and title.startswith("n0") for title in titles)
