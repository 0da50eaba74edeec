"""Chart pictures by matplotlib, drawn in a thread and without its global state."""

import asyncio
from collections.abc import Sequence
from io import BytesIO

from cjm_bot.domain import DayNumbers

_BACKGROUND, _INK, _INK_SOFT, _GRID = "#FFFFFF", "#17212B", "#55626F", "#EEF1F4"
_BAR, _BAR_LATEST = "#8DB8E2", "#2F74B8"
# A chat shows the picture 360 points wide: letters of 11 become 7.
_LETTERS_POINTS = 11
_NUMBER_ROOM_POINTS = 62


class ChartPainter:
    """Draws the charts of the bot."""

    async def days(self, days: Sequence[DayNumbers], title: str) -> bytes:
        """Touchpoints per day as bars, the latest day darker, with a number on every bar.

        Args:
            days: At least one day, in rising order without gaps.
            title: Headline of the picture.

        Returns:
            PNG file, 1200 x 675 pixels.
        """
        return await asyncio.to_thread(_draw_days, days, title)


def _draw_days(days: Sequence[DayNumbers], title: str) -> bytes:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    counts = [numbers.touchpoints_count for numbers in days]
    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
    figure = Figure(figsize=(8, 4.5), dpi=150, facecolor=_BACKGROUND, layout=layout)
    axes = figure.subplots()
    axes.set_axisbelow(True)
    bars = axes.bar(range(len(days)), counts, width=0.7, color=[_BAR] * (len(days) - 1) + [_BAR_LATEST])
    labels = [f"{count:,}" if count else "" for count in counts]
    size = min(_LETTERS_POINTS, _NUMBER_ROOM_POINTS / max(1, *map(len, labels)))
    axes.bar_label(bars, labels=labels, fontsize=size, color=_INK, padding=2)
    axes.set_xticks(range(len(days)), [f"{numbers.day.day}\n{numbers.day:%b}" for numbers in days])
    axes.set_title(title, loc="left", fontsize=15, fontweight="bold", color=_INK)
    axes.set_ylim(0, max(*counts, 1) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.grid(axis="y", color=_GRID)
    axes.tick_params(colors=_INK_SOFT, length=0, labelsize=_LETTERS_POINTS)
    axes.spines[:].set_visible(False)
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()
