"""Pictures of the page against the ones in `pictures/`: small, so that they need little room and forgive fine print.

A picture is stored at half its size, in few colours. Two pictures are compared after a slight blur, each spot with the
best of its neighbours: another version of the browser draws letters a little differently and moves them by a pixel,
which passes; a panel that is missing, a colour of the wrong theme or a label in the wrong place does not.
"""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

STORED = Path(__file__).parent / "pictures"
RESULTS = Path(__file__).parents[2] / "test-results" / "pictures"
ARE_RENEWED = os.environ.get("CJM_NEW_PICTURES") == "1"

REDUCTION = 2
COLOURS = 128
BLUR_PIXELS = 2.0
SPOT_LEVELS = 20
"""How far a channel of a spot may be off, of 255."""
SPOTS_OFF_RATIO = 0.0006
"""Share of spots that may be further off: text without hinting reaches 0.0004, a logo in another colour 0.001."""


@dataclass
class Comparison:
    """How far two pictures are apart.

    Attributes:
        off_ratio: Share of spots that differ, 0-1.
        off: Which spots differ; (height, width), bool.
    """

    off_ratio: float
    off: NDArray[np.bool_]

    @property
    def is_same(self) -> bool:
        return self.off_ratio <= SPOTS_OFF_RATIO


def small(picture: Image.Image) -> Image.Image:
    """The picture as it is stored."""
    return picture.convert("RGB").reduce(REDUCTION).quantize(COLOURS, dither=Image.Dither.NONE).convert("RGB")


def compared(one: Image.Image, other: Image.Image) -> Comparison:
    """Compare two small pictures; pictures of different sizes differ everywhere."""
    if one.size != other.size:
        return Comparison(1.0, np.ones((one.height, one.width), bool))
    blurred = [
        np.asarray(picture.convert("RGB").filter(ImageFilter.GaussianBlur(BLUR_PIXELS)), np.int16)
        for picture in (one, other)
    ]
    off = _is_off(*blurred) | _is_off(*reversed(blurred))
    return Comparison(float(off.mean()), off)


def _is_off(picture: NDArray[np.int16], reference: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Spots of `picture` that are like no neighbour of the same place in `reference`."""
    height, width, _ = picture.shape
    padded = np.pad(reference, ((1, 1), (1, 1), (0, 0)), mode="edge")
    off = np.ones((height, width), bool)
    for row in range(3):
        for column in range(3):
            shifted = padded[row : row + height, column : column + width]
            off &= np.abs(picture - shifted).max(axis=2) > SPOT_LEVELS
    return off


def check(name: str, png: bytes) -> None:
    """Compare a screenshot with the stored picture `name`; with CJM_NEW_PICTURES=1 store those that differ.

    Args:
        name: "<look>/<screen>", the place in `pictures/`.
        png: The screenshot.

    Raises:
        AssertionError: When it differs; says where the screenshot and the differences lie.
    """
    stored = STORED / f"{name}.png"
    taken = Image.open(io.BytesIO(png)).convert("RGB")
    now = small(taken)
    comparison = None
    if stored.exists():
        before = Image.open(stored).convert("RGB")
        comparison = compared(now, before)
        if comparison.is_same:
            return
    if ARE_RENEWED:
        stored.parent.mkdir(parents=True, exist_ok=True)
        now.quantize(COLOURS, dither=Image.Dither.NONE).save(stored, optimize=True)
        return
    shown = RESULTS / f"{name}.png"
    shown.parent.mkdir(parents=True, exist_ok=True)
    taken.save(shown)
    assert comparison, f"there is no picture {stored}; look at {shown} and keep it with CJM_NEW_PICTURES=1"
    differences = shown.with_suffix(".diff.png")
    _side_by_side(before, now, comparison).save(differences)
    raise AssertionError(
        f"{name} differs in {comparison.off_ratio:.2%} of its area ({SPOTS_OFF_RATIO:.2%} may): "
        f"look at {differences} (before, now, differences) and {shown}; wanted? Renew with CJM_NEW_PICTURES=1"
    )


def _side_by_side(before: Image.Image, now: Image.Image, comparison: Comparison) -> Image.Image:
    """Before, now, and now in grey with the differences in red."""
    marked = np.asarray(now.convert("L").convert("RGB")).copy()
    marked[comparison.off] = (230, 0, 40)
    parts = [before, now, Image.fromarray(marked)]
    sheet = Image.new("RGB", (sum(part.width for part in parts) + 16, max(part.height for part in parts)), "white")
    left = 0
    for part in parts:
        sheet.paste(part, (left, 0))
        left += part.width + 8
    return sheet
