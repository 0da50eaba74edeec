"""The comparison of pictures, on stored ones: what it forgives and what it sees."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from . import pictures

NAMES = ["light/home", "light/map", "dark/map", "phone/home"]
ACCENT = {"light": (11, 122, 117), "dark": (63, 189, 179), "phone": (11, 122, 117)}


def stored(name: str) -> Image.Image:
    return Image.open(pictures.STORED / f"{name}.png").convert("RGB")


def moved_by_a_pixel(picture: Image.Image) -> Image.Image:
    return ImageChops.offset(picture, 1, 1)


def drawn_softer(picture: Image.Image) -> Image.Image:
    return Image.blend(picture, picture.filter(ImageFilter.GaussianBlur(0.6)), 0.5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", [Image.Image.copy, moved_by_a_pixel, drawn_softer])
def test_forgives_fine_print(name: str, change: Callable[[Image.Image], Image.Image]) -> None:
    assert pictures.compared(change(stored(name)), stored(name)).is_same


@pytest.mark.parametrize("name", NAMES)
def test_sees_a_part_that_is_gone(name: str) -> None:
    picture = stored(name)
    without = picture.copy()
    ground = picture.getpixel((picture.width // 2, picture.height - 2))
    ImageDraw.Draw(without).rectangle((picture.width * 3 // 4, 60, picture.width, 200), fill=ground)
    assert not pictures.compared(without, picture).is_same


@pytest.mark.parametrize("name", NAMES)
def test_sees_another_colour_of_buttons(name: str) -> None:
    picture = stored(name)
    pixels = np.asarray(picture).copy()
    is_accent = np.abs(pixels.astype(int) - ACCENT[name.partition("/")[0]]).max(axis=2) < 24
    pixels[is_accent] = (91, 95, 199)
    assert not pictures.compared(Image.fromarray(pixels), picture).is_same


def test_sees_the_wrong_theme_and_another_size() -> None:
    assert not pictures.compared(stored("light/home"), stored("dark/home")).is_same
    assert not pictures.compared(stored("light/home"), stored("phone/home")).is_same


def test_says_where_the_difference_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "STORED", tmp_path / "stored")
    monkeypatch.setattr(pictures, "RESULTS", tmp_path / "results")

    monkeypatch.setattr(pictures, "ARE_RENEWED", False)

    def screenshot(colour: str) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (200, 100), colour).save(file, "png")
        return file.getvalue()

    with pytest.raises(AssertionError, match="there is no picture"):
        pictures.check("light/one", screenshot("white"))
    monkeypatch.setattr(pictures, "ARE_RENEWED", True)
    pictures.check("light/one", screenshot("white"))
    monkeypatch.setattr(pictures, "ARE_RENEWED", False)
    pictures.check("light/one", screenshot("white"))
    with pytest.raises(AssertionError, match=r"light/one differs in 100\.00%.*one\.diff\.png") as failure:
        pictures.check("light/one", screenshot("teal"))
    assert "CJM_NEW_PICTURES=1" in str(failure.value)
    assert (tmp_path / "results" / "light" / "one.png").exists()
    assert (tmp_path / "results" / "light" / "one.diff.png").exists()
