"""Repairs: what a mapping does about faulty values, so that their rows need not be left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cjm_catalog.domain.checks import has_control_characters

MAX_TEXT_LENGTH = 512


class RepairAction(StrEnum):
    """What becomes of a faulty value."""

    LEAVE_EMPTY = "leave_empty"
    USE_TEXT = "use_text"
    CUT = "cut"
    CLEAN = "clean"


@dataclass(frozen=True)
class Repair:
    """What to do about one fault in one column; the text is for USE_TEXT alone."""

    reason: str
    action: RepairAction | None
    text: str = ""


_UNREAD = frozenset({"not_a_date", "date_out_of_range", "not_a_whole_number", "not_a_number"})
_LONG = frozenset({"text_too_long", "field_too_large"})
_DIRTY = frozenset({"nul_byte", "invalid_utf8", "not_in_encoding"})
_REASONS = ("field_missing", *sorted(_UNREAD | _LONG | _DIRTY))
# A made-up customer would glue the rows of strangers into one journey, a made-up time would put steps in any order.
_NEVER = frozenset({"customer_id", "time"})
# Cut or cleaned, two different ones could become the same, a number another one.
_WHOLE = frozenset(
    {"event_id", "session_id", "order_id", "item_id", "interact_item_id", "employee_id", "store_id"}
    | {"value", "experience_score"}
)


def offered_repairs(field: str, reason: str) -> tuple[RepairAction, ...]:
    """Actions that make sense for a fault, the usual one first; none when such rows can only be left out.

    Args:
        field: event field, or "properties.<name>"; empty when a row as a whole is at fault.
        reason: reason code of the fault.
    """
    if not field or field in _NEVER or reason not in _REASONS:
        return ()
    mending = RepairAction.CUT if reason in _LONG else RepairAction.CLEAN if reason in _DIRTY else None
    if field == "action_type":
        # Every event needs a step.
        return (RepairAction.USE_TEXT,) if reason == "field_missing" else (mending,) if mending else ()
    if reason == "field_missing":
        return ()
    if mending is None or field in _WHOLE:
        return (RepairAction.LEAVE_EMPTY,)
    return (mending, RepairAction.LEAVE_EMPTY)


def repair_problem(field: str, repairs: Sequence[Repair]) -> tuple[str, str] | None:
    """What is wrong with the repairs of a column: a reason code and a sentence; None when nothing is."""
    known: set[str] = set()
    for repair in repairs:
        if repair.reason in known:
            detail = f'The field {field} has two repairs for "{repair.reason}". Remove one of them.'
            return "repair_repeated", detail
        known.add(repair.reason)
        if problem := _problem(field, repair):
            return problem
    return None


def _problem(field: str, repair: Repair) -> tuple[str, str] | None:
    if repair.reason not in _REASONS:
        detail = (
            f'The field {field} has a repair for "{repair.reason[:50]}", which is no fault of a value. '
            f"Choose one of {', '.join(_REASONS)}."
        )
        return "repair_reason_unknown", detail
    offered = offered_repairs(field, repair.reason)
    if repair.action not in offered:
        what = f"Choose {' or '.join(offered)}" if offered else "Such rows can only be left out, so remove the repair"
        return "repair_not_possible", f'"{repair.reason}" in {field} cannot be repaired like that. {what}.'
    if repair.action is not RepairAction.USE_TEXT:
        if repair.text:
            detail = f'The repair of "{repair.reason}" in {field} takes no text. Leave the text out.'
            return "repair_text_not_used", detail
        return None
    if not repair.text:
        detail = f'The repair of "{repair.reason}" in {field} has no text. Give one, for example "Unknown".'
        return "repair_text_empty", detail
    if len(repair.text) > MAX_TEXT_LENGTH:
        detail = f'The text for "{repair.reason}" in {field} is longer than {MAX_TEXT_LENGTH} characters. Shorten it.'
        return "repair_text_too_long", detail
    if has_control_characters(repair.text):
        detail = f'The text for "{repair.reason}" in {field} holds line ends or other control characters. Remove them.'
        return "repair_text_has_control_characters", detail
    return None
