"""Pictures of results by Graphviz: rounded cards, one blue scale for counts, light and dark.

Only worker processes import this module; Graphviz is not safe in threads.
"""

import html
import math
import re
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import pygraphviz

from cjm_mining.adapters.captions import map_lines, marks_line
from cjm_mining.adapters.label_places import Ends, Point, Rect, along, place_labels
from cjm_mining.domain.analysis import percent
from cjm_mining.domain.shown_paths import Move, shown_paths
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
    band: str
    frequency: tuple[str, str, str, str, str]


_LIGHT = _Theme(
    background="#F5F7F9",
    card="#FFFFFF",
    ink="#17212B",
    ink_2="#55626F",
    line="#84909C",
    pill="#17212B",
    pill_ink="#FFFFFF",
    band="#0B7A7530",
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
    band="#3FBDB358",
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
        result: What to draw; of a directly-follows graph, what `shown_paths` chooses, as the page does for stored maps.
        file_format: "svg" or "png".
        is_dark: True for the dark theme.
        caption: Texts above it, the first as title; each is wrapped, and cut where it is very long.
        goal: Step to which the main way of a directly-follows graph leads; "" for none.

    Returns:
        The file; names are escaped, so that none can put anything but text into it.
    """
    name = result.WhichOneof("result")
    assert name, "a stored result is never empty"
    theme = _DARK if is_dark else _LIGHT
    flow = None
    if name == "directly_follows":
        flow = _map_flow(result.directly_follows, goal)
    elif name == "heuristics_net":
        flow = _net_flow(result.heuristics_net)
    canvas = _Canvas(theme, _PHONE if flow else _SCREEN)
    canvas.caption([*caption, *(flow.caption if flow else [])])
    if flow:
        _draw_flow(canvas, flow)
    elif name == "petri_net":
        _draw_petri_net(canvas, result.petri_net)
    else:
        _draw_process_tree(canvas, result.process_tree)
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

    def edge(self, source: str, target: str, *, is_back: bool = False, **attributes: str) -> None:
        """Add an arrow; one against the flow of time does not bend the levels."""
        if is_back:
            source, target = target, source
            attributes.update({"dir": "back", "class": _BACK})
        self.graph.add_edge(source, target, **attributes)

    def stack(self, names: Sequence[str], abreast: int) -> None:
        """Put so many nodes on one level at most, in this order from the top."""
        for above, below in zip(names, names[abreast:], strict=False):
            self.graph.add_edge(above, below, style="invis", weight="0")

    def settle(self, labels: Mapping[Ends, str], main: Sequence[Ends]) -> None:
        """Give everything its place, then lay a band along the main way and put labels where they touch nothing.

        Args:
            labels: Texts of arrows, the most important first.
            main: Arrows below which the band lies.
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
        band = {"color": self.theme.band, "penwidth": _BAND_WIDTH, "arrowhead": "none"}
        for ends in main:
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


@dataclass(frozen=True, slots=True)
class _Flow:
    """What a map or a net shows.

    Attributes:
        events: Events of each step.
        facts: What stands below the names of steps.
        moves: Moves of each path between different steps.
        labels: What stands at paths.
        rank: When a step comes; a path to one that comes earlier runs upwards.
        main_way: Steps of the main way; none where no way is marked.
        first: Journeys of the step that a line joins to Start; `last` likewise to End.
        caption: What is said of all this.
    """

    events: Mapping[str, int]
    facts: Mapping[str, Sequence[str]]
    moves: Mapping[Move, int]
    labels: Mapping[Move, str]
    rank: Mapping[str, float]
    main_way: Sequence[str]
    first: Mapping[str, int]
    last: Mapping[str, int]
    caption: Sequence[str]


def _map_flow(graph: questions_pb2.DirectlyFollowsGraph, goal: str) -> _Flow:
    nodes = {node.activity: node for node in graph.nodes}
    counts = {(edge.source, edge.target): edge.moves_count for edge in graph.edges}
    starts = {step: node.starts_count for step, node in nodes.items()}
    ends = {step: node.ends_count for step, node in nodes.items()}
    events = {step: node.events_count for step, node in nodes.items()}
    shown = shown_paths(events, starts, ends, counts, graph.cases_count, goal)
    rank = {step: node.mean_rank for step, node in nodes.items()}
    for before, after in pairwise(shown.main_way):
        # The main way never runs against time.
        rank[after] = max(rank[after], math.nextafter(rank[before], math.inf))
    repeats = {step: f"{counts[step, step]:,}" for step, _ in shown.repeats}
    facts = {
        step: _facts(
            f"{node.events_count:,} · {percent(node.cases_count, graph.cases_count)}",
            repeats.get(step),
            starts[step] if step in shown.starts else None,
            ends[step] if step in shown.ends else None,
        )
        for step, node in nodes.items()
    }
    return _Flow(
        events=events,
        facts=facts,
        moves={path: counts[path] for path in shown.paths},
        labels={path: f"{counts[path]:,}" for path in shown.paths},
        rank=rank,
        main_way=shown.main_way,
        first={step: starts[step] for step in shown.main_way[:1]},
        last={step: ends[step] for step in shown.main_way[-1:] if ends[step]},
        caption=map_lines(graph, shown, goal),
    )


def _net_flow(net: analysis_pb2.HeuristicsNet) -> _Flow:
    labels = {(edge.source, edge.target): f"{edge.moves_count:,} · {edge.dependency_ratio:.2f}" for edge in net.edges}
    moves = {(edge.source, edge.target): edge.moves_count for edge in net.edges if edge.source != edge.target}
    first, last = (dict(Counter(dict(counts)).most_common(1)) for counts in (net.starts, net.ends))
    starts = {step: count for step, count in net.starts.items() if step not in first}
    ends = {step: count for step, count in net.ends.items() if step not in last}
    facts = {
        node.activity: _facts(
            f"{node.events_count:,}",
            labels.get((node.activity, node.activity)),
            starts.get(node.activity),
            ends.get(node.activity),
        )
        for node in net.nodes
    }
    return _Flow(
        events={node.activity: node.events_count for node in net.nodes},
        facts=facts,
        moves=moves,
        labels={path: labels[path] for path in moves},
        rank=_depths([node.activity for node in net.nodes], net.starts, moves),
        main_way=(),
        first=first,
        last=last,
        caption=marks_line(starts=starts, ends=ends, repeats=labels.keys() - moves.keys()),
    )


def _facts(happened: str, repeats: str | None, starts_count: int | None, ends_count: int | None) -> list[str]:
    """What stands below the name of a step."""
    ends = [f"{sign} {count:,}" for sign, count in (("▸", starts_count), ("■", ends_count)) if count is not None]
    return [happened, *([f"↺ {repeats}"] if repeats else []), *(["   ".join(ends)] if ends else [])]


def _draw_flow(canvas: _Canvas, flow: _Flow) -> None:
    most_events, most_moves = max(flow.events.values(), default=1), max(flow.moves.values(), default=1)
    cards = {}
    for step, count in flow.events.items():
        scale = canvas.theme.frequency[_step_class(count, most_events)]
        group = {"group": "main"} if step in flow.main_way else {}
        cards[step] = canvas.card(step, flow.facts[step], scale, **group)
    bounds = _class_bounds(flow.moves.values())
    main_paths = list(pairwise(flow.main_way))
    if len(flow.moves) > _DENSE_EDGES:
        # Dense graphs: fewer rounds of crossing minimisation, or the layout takes minutes.
        canvas.graph.graph_attr.update(nslimit="2", nslimit1="2", mclimit="0.3")
    for (source, target), count in flow.moves.items():
        share = math.sqrt(count / most_moves)
        canvas.edge(
            cards[source],
            cards[target],
            is_back=flow.rank[source] > flow.rank[target],
            penwidth=f"{1.0 + 4.0 * share:.2f}",
            weight=str(_MAIN_WEIGHT if (source, target) in main_paths else 1 + round(20 * share)),
            color=canvas.theme.frequency[sum(count > bound for bound in bounds)],
        )
    canvas.stack([cards[step] for step in sorted(cards, key=lambda step: flow.rank[step])], _STEPS_ABREAST)
    labels: dict[Ends, str] = {}
    for step, count in flow.first.items():
        labels[canvas.pill("Start", "source"), cards[step]] = f"{count:,}"
    for step, count in flow.last.items():
        labels[cards[step], canvas.pill("End", "sink")] = f"{count:,}"
    for join in labels:
        canvas.edge(*join, style="dashed", weight=str(_MAIN_WEIGHT))
    main = [*labels, *((cards[source], cards[target]) for source, target in main_paths)] if flow.main_way else []
    ordered = [*main_paths, *sorted(flow.moves, key=lambda path: -flow.moves[path])]
    labels |= {(cards[source], cards[target]): flow.labels[source, target] for source, target in ordered}
    canvas.settle(dict(islice(labels.items(), _LABELLED_PER_STEP * len(cards))), main)


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


def _depths(steps: Sequence[str], starts: Iterable[str], paths: Iterable[Move]) -> dict[str, int]:
    """How many moves each step is away from the nearest start; far behind all others when it cannot be reached."""
    after: dict[str, list[str]] = {step: [] for step in steps}
    for source, target in paths:
        after[source].append(target)
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


def _mixed(color: str, ground: str, share: float) -> str:
    """`share` (0-1) of one colour on another, both "#RRGGBB"."""
    pairs = zip(bytes.fromhex(color[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + "".join(f"{round(share * top + (1 - share) * below):02X}" for top, below in pairs)
