"""What a benchmark reports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure beside what was promised.

    Attributes:
        name: What was measured.
        value: The figure.
        unit: Its unit, "x" for a ratio against a reference of the same run.
        promise: What it should be, for example "<= 3".
        is_met: True when it is.
        note: Reference, sizes and anything that bounds it.
    """

    name: str
    value: float
    unit: str
    promise: str
    is_met: bool
    note: str = ""


def at_most(name: str, value: float, unit: str, limit: float, note: str = "") -> Figure:
    """A figure that should not be above a limit."""
    return Figure(name, value, unit, f"<= {limit:g}", value <= limit, note)


def at_least(name: str, value: float, unit: str, limit: float, note: str = "") -> Figure:
    """A figure that should not be below a limit."""
    return Figure(name, value, unit, f">= {limit:g}", value >= limit, note)
