"""Pictures of results by Graphviz: rounded cards, one blue scale for counts, light and dark.

Only worker processes import this module; Graphviz is not safe in threads.
"""

import html
import math
import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import pygraphviz

from cjm_mining.adapters.captions import map_lines
from cjm_mining.adapters.label_places import Ends, Point, Rect, along, place_labels
from cjm_mining.domain.analysis import percent
from cjm_mining.domain.shown_paths import ShownPaths, shown_paths
from cjm_protos.ingest.v1 import questions_pb2
from cjm_protos.mining.v1 import analysis_pb2

_FONT = "Inter,DejaVu Sans,Liberation Sans,sans-serif"
_PNG_DOTS_PER_INCH = "144"
_PNG_SIZE_INCHES = "33,33"  # 4 752 pixels a side: messengers refuse more than 10 000 for both together
_LABEL_WIDTH = 24
_LABEL_LINES = 3
_CAPTION_LINES = 4
_STEPS_ABREAST = 2
_MAIN_WEIGHT = 100
_BAND_WIDTH = "15"
_BAND_OPACITY = "30"
_POINTS_PER_INCH = 72
_LABELLED_PER_STEP = 2
_DENSE_EDGES = 150
_BACK = "back"


@dataclass(frozen=True, slots=True)
class _Theme:
    background: str
    card: str
    ink: str
    ink_2: str
    line: str
    pill: str
    pill_ink: str
    accent: str
    frequency: tuple[str, str, str, str, str]


_LIGHT = _Theme(
    background="#F5F7F9",
    card="#FFFFFF",
    ink="#17212B",
    ink_2="#55626F",
    line="#84909C",
    pill="#17212B",
    pill_ink="#FFFFFF",
    accent="#0B7A75",
    frequency=("#B9D3EE", "#8DB8E2", "#5B97D0", "#2F74B8", "#124F92"),
)
_DARK = _Theme(
    background="#0F1419",
    card="#171E25",
    ink="#E8EDF2",
    ink_2="#A5B1BD",
    line="#74818E",
    pill="#E8EDF2",
    pill_ink="#0F1419",
    accent="#3FBDB3",
    frequency=("#33587D", "#3B70A5", "#4A8FCD", "#70B0EA", "#ACD6FD"),
)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Sizes of letters in points, distances in inches, letters in a line of the caption."""

    step: str
    facts: str
    path: str
    title: str
    caption: str
    caption_width: int
    margin: str
    apart: str
    levels_apart: str


_SCREEN = _Fit("11", "9.5", "9", "13", "10", 84, "0.16,0.09", "0.35", "0.5")
# A chat shows a picture 360 points wide: large letters, few steps abreast, and no room kept free for labels.
_PHONE = _Fit("14", "12", "12", "16", "12", 52, "0.1,0.06", "0.1", "0.4")
_OPERATORS = {
    analysis_pb2.TREE_OPERATOR_SEQUENCE: ("→", "in this order"),
    analysis_pb2.TREE_OPERATOR_XOR: ("×", "one of these"),
    analysis_pb2.TREE_OPERATOR_PARALLEL: ("+", "all, in any order"),
    analysis_pb2.TREE_OPERATOR_LOOP: ("↺", "first, then repeat"),
    analysis_pb2.TREE_OPERATOR_OR: ("○", "one or more"),
}


def picture(
    result: analysis_pb2.AnalysisResult, file_format: str, *, is_dark: bool, caption: Sequence[str] = (), goal: str = ""
) -> bytes:
    """Draw a result.

    Args:
        result: What to draw; of a directly-follows graph, what `shown_paths` chooses.
        file_format: "svg" or "png".
        is_dark: True for the dark theme.
        caption: Texts above it, the first as title; each is wrapped, and cut where it is very long.
        goal: Step to which the main way of a directly-follows graph leads; "" for none.

    Returns:
        The file; names are escaped, so that none can put anything but text into it.
    """
    name = result.WhichOneof("result")
    assert name, "a stored result is never empty"
    is_map = name == "directly_follows"
    canvas = _Canvas(_DARK if is_dark else _LIGHT, _PHONE if is_map else _SCREEN)
    if is_map:
        shown = _shown(result.directly_follows, goal)
        canvas.caption([*caption, *map_lines(result.directly_follows, shown, goal)])
        _draw_directly_follows(canvas, result.directly_follows, shown)
    else:
        canvas.caption(caption)
        draw: dict[str, Callable[[_Canvas, Any], None]] = {
            "petri_net": _draw_petri_net,
            "heuristics_net": _draw_heuristics_net,
            "process_tree": _draw_process_tree,
        }
        draw[name](canvas, getattr(result, name))
    return canvas.svg() if file_format == "svg" else canvas.png()


class _Canvas:
    """A Graphviz graph whose parts have numbers for names and texts for titles."""

    def __init__(self, theme: _Theme, fit: _Fit) -> None:
        self.theme = theme
        self.fit = fit
        self.graph = pygraphviz.AGraph(directed=True, strict=False)
        self.graph.graph_attr.update(bgcolor=theme.background, pad="0.3", nodesep=fit.apart, ranksep=fit.levels_apart)
        self.graph.node_attr.update(
            fontname=_FONT, fontsize=fit.step, fontcolor=theme.ink, color=theme.line, penwidth="1"
        )
        self.graph.edge_attr.update(
            fontname=_FONT, fontsize=fit.path, fontcolor=theme.ink_2, color=theme.line, arrowsize="0.6"
        )
        self._titles: dict[str, str] = {}
        self._program = "dot"

    def caption(self, texts: Sequence[str]) -> None:
        """Write texts above the drawing, the first larger."""
        sizes = [(self.fit.title, self.theme.ink), *[(self.fit.caption, self.theme.ink_2)] * (len(texts) - 1)]
        lines = [
            f'<font point-size="{size}" color="{color}">{line}</font><br align="left"/>'
            for text, (size, color) in zip(texts, sizes, strict=False)
            for line in _wrapped(text, self.fit.caption_width, _CAPTION_LINES)
        ]
        if lines:
            self.graph.graph_attr.update(label=f"<{''.join(lines)}>", labelloc="t", labeljust="l", fontname=_FONT)

    def node(self, title: str, lines: Sequence[str], **attributes: str) -> str:
        """Add a node; `lines` are HTML-like."""
        name = f"n{len(self._titles)}"
        self._titles[name] = title
        self.graph.add_node(name, label=f"<{'<br/>'.join(lines)}>" if lines else "", **attributes)
        return name

    def card(self, activity: str, facts: Sequence[str], scale: str, **attributes: str) -> str:
        """Add a step with lines of facts below its name, tinted in a colour of the scale."""
        lines = [f"<b>{line}</b>" for line in _wrapped(activity)]
        size = f'point-size="{self.fit.facts}"'
        lines += [f'<font {size} color="{self.theme.ink_2}">{html.escape(fact)}</font>' for fact in facts]
        look = {"shape": "box", "style": "rounded,filled", "color": scale, "margin": self.fit.margin}
        fill = _mixed(scale, self.theme.card, 0.12)
        return self.node(activity, lines, fillcolor=fill, **look, **attributes)

    def pill(self, title: str, rank: str) -> str:
        """Add Start or End, at the top (rank "source") or bottom ("sink")."""
        pill = self.node(
            title,
            [f"<b>{html.escape(title)}</b>"],
            shape="box",
            style="rounded,filled",
            fillcolor=self.theme.pill,
            color=self.theme.pill,
            fontcolor=self.theme.pill_ink,
            margin="0.2,0.05",
            height="0.3",
            group="main",
        )
        self.graph.add_subgraph([pill], rank=rank)
        return pill

    def edge(self, source: str, target: str, label: str = "", *, is_back: bool = False, **attributes: str) -> None:
        """Add an arrow; one against the flow of time does not bend the levels."""
        if label:
            attributes["label"] = f"< {html.escape(label)} >"
        if is_back:
            source, target = target, source
            attributes.update({"dir": "back", "class": _BACK})
        self.graph.add_edge(source, target, **attributes)

    def stack(self, names: Sequence[str], abreast: int) -> None:
        """Put so many nodes on one level at most, in this order from the top."""
        for above, below in zip(names, names[abreast:], strict=False):
            self.graph.add_edge(above, below, style="invis", weight="0")

    def settle(self, labels: Mapping[Ends, str], main_way: Sequence[str]) -> None:
        """Give everything its place, then lay a band along the main way and put labels where they touch nothing.

        Args:
            labels: Texts of arrows, the most important first.
            main_way: Nodes that arrows join one after the other.
        """
        self.graph.layout(prog="dot")
        # From here on what has a place keeps it.
        self._program = "nop2"
        self.graph.graph_attr["outputorder"] = "edgesfirst"
        curves: dict[Ends, list[Point]] = {}
        for edge in self.graph.edges():
            if edge.attr["style"] != "invis":
                ends = (edge[1], edge[0]) if edge.attr["class"] == _BACK else (edge[0], edge[1])
                curves[ends] = _curve(edge.attr["pos"])
        sizes = {ends: _text_size(text, self.fit.path) for ends, text in labels.items()}
        lines = {ends: along(curve) for ends, curve in curves.items()}
        places = place_labels(sizes, lines, [_rect(node) for node in self.graph.nodes()])
        band = {"color": f"{self.theme.accent}{_BAND_OPACITY}", "penwidth": _BAND_WIDTH, "arrowhead": "none"}
        for ends in pairwise(main_way):
            self.graph.add_edge(*ends, pos=" ".join(f"{x},{y}" for x, y in curves[ends]), **band)
        tag = {"shape": "box", "style": "filled", "color": "none", "fillcolor": self.theme.background, "margin": "0"}
        tag |= {"fontsize": self.fit.path, "fontcolor": self.theme.ink_2}
        for ends, place in places.items():
            title = " → ".join(self._titles[name] for name in ends)
            width, height = f"{place.width / _POINTS_PER_INCH}", f"{place.height / _POINTS_PER_INCH}"
            pos = "{},{}".format(*place.center)
            self.node(title, [html.escape(labels[ends])], pos=pos, width=width, height=height, **tag)

    def svg(self) -> bytes:
        """The picture as SVG, with the names of steps as titles."""
        text: str = self.graph.draw(format="svg", prog=self._program).decode()
        return re.sub(rf'(class="edge {_BACK}">\s*)?<title>(.*?)</title>', self._title, text).encode()

    def png(self) -> bytes:
        """The picture as PNG."""
        self.graph.graph_attr.update(dpi=_PNG_DOTS_PER_INCH, size=_PNG_SIZE_INCHES)
        content: bytes = self.graph.draw(format="png", prog=self._program)
        return content

    def _title(self, match: re.Match[str]) -> str:
        back, names = match.groups()
        ends = [self._titles.get(name, "") for name in html.unescape(names).split("->")]
        # For the layout it ran the other way.
        title = " → ".join(reversed(ends) if back else ends)
        return f"{back or ''}<title>{html.escape(_printable(title))}</title>"


def _shown(graph: questions_pb2.DirectlyFollowsGraph, goal: str) -> ShownPaths:
    return shown_paths(
        {node.activity: node.events_count for node in graph.nodes},
        {node.activity: node.starts_count for node in graph.nodes},
        {node.activity: node.ends_count for node in graph.nodes},
        {(edge.source, edge.target): edge.moves_count for edge in graph.edges},
        graph.cases_count,
        goal,
    )


def _draw_directly_follows(canvas: _Canvas, graph: questions_pb2.DirectlyFollowsGraph, shown: ShownPaths) -> None:
    nodes = {node.activity: node for node in graph.nodes}
    counts = {(edge.source, edge.target): edge.moves_count for edge in graph.edges}
    cards = _step_cards(canvas, graph, shown, {step: counts[step, step] for step, _ in shown.repeats})
    rank = {step: node.mean_rank for step, node in nodes.items()}
    main_paths = list(pairwise(shown.main_way))
    for before, after in main_paths:
        # The main way never runs against time.
        rank[after] = max(rank[after], math.nextafter(rank[before], math.inf))
    most = max((counts[path] for path in shown.paths), default=1)
    bounds = _class_bounds([counts[path] for path in shown.paths])
    _spare_time(canvas, len(shown.paths))
    for source, target in shown.paths:
        count = counts[source, target]
        share = math.sqrt(count / most)
        canvas.edge(
            cards[source],
            cards[target],
            is_back=rank[source] > rank[target],
            penwidth=f"{1.0 + 4.0 * share:.2f}",
            weight=str(_MAIN_WEIGHT if (source, target) in main_paths else 1 + round(20 * share)),
            color=canvas.theme.frequency[sum(count > bound for bound in bounds)],
        )
    canvas.stack([cards[step] for step in sorted(cards, key=lambda step: rank[step])], _STEPS_ABREAST)
    way = [cards[step] for step in shown.main_way]
    joins: dict[Ends, int] = {}
    if way:
        start = canvas.pill("Start", "source")
        joins[start, way[0]] = nodes[shown.main_way[0]].starts_count
        way.insert(0, start)
    if way and (ends_count := nodes[shown.main_way[-1]].ends_count):
        end = canvas.pill("End", "sink")
        joins[way[-1], end] = ends_count
        way.append(end)
    for ends in joins:
        canvas.edge(*ends, style="dashed", weight=str(_MAIN_WEIGHT))
    ordered = [*main_paths, *sorted(shown.paths, key=lambda path: -counts[path])]
    numbers = joins | {(cards[source], cards[target]): counts[source, target] for source, target in ordered}
    labelled = islice(numbers.items(), _LABELLED_PER_STEP * len(cards))
    canvas.settle({ends: f"{count:,}" for ends, count in labelled}, way)


def _step_cards(
    canvas: _Canvas, graph: questions_pb2.DirectlyFollowsGraph, shown: ShownPaths, repeats: Mapping[str, int]
) -> dict[str, str]:
    """The cards of a map by step; where many journeys start or end, or the step repeats, they say so."""
    top = max((node.events_count for node in graph.nodes), default=1)
    cards = {}
    for node in graph.nodes:
        facts = [f"{node.events_count:,} · {percent(node.cases_count, graph.cases_count)}"]
        if node.activity in repeats:
            facts.append(f"↺ {repeats[node.activity]:,}")
        ends = [f"▸ {node.starts_count:,}"] if node.activity in shown.starts else []
        if node.activity in shown.ends:
            ends.append(f"■ {node.ends_count:,}")
        if ends:
            facts.append("   ".join(ends))
        scale = canvas.theme.frequency[_step_class(node.events_count, top)]
        group = {"group": "main"} if node.activity in shown.main_way else {}
        cards[node.activity] = canvas.card(node.activity, facts, scale, **group)
    return cards


def _draw_heuristics_net(canvas: _Canvas, net: analysis_pb2.HeuristicsNet) -> None:
    top = max((node.events_count for node in net.nodes), default=1)
    cards = {
        node.activity: canvas.card(
            node.activity, [f"{node.events_count:,}"], canvas.theme.frequency[_step_class(node.events_count, top)]
        )
        for node in net.nodes
    }
    moves = [(edge.source, edge.target, edge.moves_count) for edge in net.edges]
    notes = {(edge.source, edge.target): f"{edge.dependency_ratio:.2f}" for edge in net.edges}
    depth = _depths(net.starts, moves)
    _draw_moves(canvas, cards, moves, lambda source, target: depth[source] > depth[target], notes)
    _draw_ends(canvas, cards, net.starts, net.ends)


def _draw_moves(
    canvas: _Canvas,
    cards: dict[str, str],
    moves: Sequence[tuple[str, str, int]],
    is_back: Callable[[str, str], bool],
    notes: dict[tuple[str, str], str],
) -> None:
    top = max((count for _, _, count in moves), default=1)
    bounds = _class_bounds([count for _, _, count in moves])
    labelled = _strongest(moves)
    _spare_time(canvas, len(moves))
    for source, target, count in moves:
        share = math.sqrt(count / top)
        texts = [f"{count:,}", notes.get((source, target), "")]
        canvas.edge(
            cards[source],
            cards[target],
            " · ".join(filter(None, texts)) if (source, target) in labelled else "",
            is_back=is_back(source, target),
            penwidth=f"{1.0 + 4.0 * share:.2f}",
            weight=str(1 + round(20 * share)),
            color=canvas.theme.frequency[sum(count > bound for bound in bounds)],
        )


def _spare_time(canvas: _Canvas, arrows_count: int) -> None:
    """Make fewer rounds of crossing minimisation for dense graphs, or the layout takes minutes."""
    if arrows_count > _DENSE_EDGES:
        canvas.graph.graph_attr.update(nslimit="2", nslimit1="2", mclimit="0.3")


def _draw_ends(canvas: _Canvas, cards: dict[str, str], starts: Any, ends: Any) -> None:
    start, end = canvas.pill("Start", "source"), canvas.pill("End", "sink")
    for activity, count in starts.items():
        if activity in cards:
            canvas.edge(start, cards[activity], f"{count:,}", style="dashed")
    for activity, count in ends.items():
        if activity in cards:
            canvas.edge(cards[activity], end, f"{count:,}", style="dashed")


def _draw_petri_net(canvas: _Canvas, net: analysis_pb2.PetriNet) -> None:
    theme = canvas.theme
    canvas.graph.graph_attr.update(rankdir="LR")
    nodes = {}
    for place in net.places:
        tokens = net.initial_marking.get(place, 0)
        nodes[place] = canvas.node(
            place,
            ["●" * tokens] if tokens else [],
            shape="circle",
            style="filled",
            width="0.32",
            fixedsize="true",
            fillcolor=theme.card,
            color=theme.ink_2,
            peripheries="2" if place in net.final_marking else "1",
        )
    for transition in net.transitions:
        if transition.HasField("label"):
            nodes[transition.transition_id] = canvas.card(transition.label, [], theme.frequency[3])
        else:
            nodes[transition.transition_id] = canvas.node(
                "silent", [], shape="box", style="filled", width="0.1", height="0.32", fillcolor=theme.line
            )
    for arc in net.arcs:
        canvas.edge(nodes[arc.source], nodes[arc.target])


def _draw_process_tree(canvas: _Canvas, tree: analysis_pb2.ProcessTree) -> None:
    canvas.graph.graph_attr.update(ordering="out")
    canvas.graph.edge_attr.update(arrowhead="none")
    _draw_tree_node(canvas, tree.root)


def _draw_tree_node(canvas: _Canvas, node: analysis_pb2.TreeNode) -> str:
    theme = canvas.theme
    if node.operator:
        sign, words = _OPERATORS[node.operator]
        lines = [f'<b><font point-size="14">{sign}</font></b>', f'<font point-size="8.5">{words}</font>']
        drawn = canvas.node(
            words,
            lines,
            shape="box",
            style="rounded,filled",
            fillcolor=theme.pill,
            fontcolor=theme.pill_ink,
            margin="0.14,0.04",
        )
        for child in node.children:
            canvas.edge(drawn, _draw_tree_node(canvas, child))
        return drawn
    if node.HasField("activity"):
        return canvas.card(node.activity, [], theme.frequency[3])
    return canvas.node("silent", ["τ"], shape="circle", style="filled", fillcolor=theme.card, width="0.3", margin="0")


def _curve(position: str) -> list[Point]:
    """The control points of an arrow; its tip is drawn beyond them."""
    points = [part.split(",") for part in position.split() if part[0] not in "es"]
    return [(float(x), float(y)) for x, y in points]


def _rect(node: Any) -> Rect:
    x, y = map(float, node.attr["pos"].split(","))
    return Rect((x, y), *(_POINTS_PER_INCH * float(node.attr[side]) + 4 for side in ("width", "height")))


def _text_size(text: str, points: str) -> tuple[float, float]:
    """About the room that digits take, in points."""
    return 0.64 * float(points) * sum(0.5 if letter in ",. " else 1 for letter in text) + 4, float(points) + 2


def _wrapped(text: str, width: int = _LABEL_WIDTH, max_lines: int = _LABEL_LINES) -> list[str]:
    """The text in lines of HTML-like text; what does not fit ends in an ellipsis."""
    lines = textwrap.wrap(_printable(text), width, max_lines=max_lines, placeholder=" …") or [" "]
    return [html.escape(line) for line in lines]


def _printable(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return "".join(character if character.isprintable() else " " for character in text)


def _step_class(count: int, top: int) -> int:
    """Class 0-4 of a step by the square root of its events."""
    return min(4, int(5 * math.sqrt(count / top)))


def _depths(starts: Iterable[str], moves: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    """How many moves each step is away from the nearest start; far behind all others when it cannot be reached."""
    after: dict[str, list[str]] = {}
    for source, target, _ in moves:
        after.setdefault(source, []).append(target)
        after.setdefault(target, [])
    depth = dict.fromkeys(starts, 0)
    reached = list(depth)
    for step in reached:
        for target in after.get(step, ()):
            if target not in depth:
                depth[target] = depth[step] + 1
                reached.append(target)
    return {step: depth.get(step, len(after)) for step in after}


def _class_bounds(counts: Collection[int]) -> list[int]:
    """Upper bounds of the lower four of five classes with about the same number of paths in each."""
    ordered = sorted(counts)
    return [ordered[len(ordered) * part // 5 - 1] for part in range(1, 5)] if len(ordered) >= 5 else []


def _strongest(moves: Iterable[tuple[str, str, int]]) -> set[tuple[str, str]]:
    """The paths that carry a label: of every step the strongest in and out."""
    taken: dict[tuple[str, str], int] = {}
    chosen = set()
    for source, target, _ in sorted(moves, key=lambda move: -move[2]):
        for side in (("out", source), ("in", target)):
            taken[side] = taken.get(side, 0) + 1
            if taken[side] <= _LABELLED_PER_STEP:
                chosen.add((source, target))
    return chosen


def _mixed(color: str, ground: str, share: float) -> str:
    """`share` (0-1) of one colour on another, both "#RRGGBB"."""
    pairs = zip(bytes.fromhex(color[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + "".join(f"{round(share * top + (1 - share) * below):02X}" for top, below in pairs)
