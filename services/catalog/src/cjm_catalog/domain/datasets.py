"""Datasets and what people may do with them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cjm_catalog.domain.accounts import Caller
from cjm_catalog.domain.checks import folded, has_control_characters, invalid
from cjm_kit.errors import AppError, Code

MAX_NAME_LENGTH = 100
KEPT_AFTER_DELETION = timedelta(days=30)
MAX_GAP_MINUTES = 10_080
MAX_ACTIVITY_LENGTH = 500


class CaseNotion(StrEnum):
    """What makes one journey unless an analysis says otherwise."""

    CUSTOMER = "customer"
    SESSION = "session"


@dataclass(frozen=True)
class Dataset:
    """One dataset; `session_gap_minutes` 0 means that events carry their session id.

    One with `deleted_at` is there for nobody but who restores it.
    """

    dataset_id: str
    name: str
    is_public: bool
    owner_id: str
    time_zone: str
    default_case: CaseNotion
    session_gap_minutes: int
    goal_activity: str
    created_at: datetime
    deleted_at: datetime | None = None

    @property
    def name_key(self) -> str:
        """The form of the name that is unique; a deleted one leaves its name to others."""
        return folded(self.name) if self.deleted_at is None else f"deleted {self.dataset_id}"


@dataclass(frozen=True)
class Grant:
    """Lets one account analyse one dataset and add data to it."""

    dataset_id: str
    user_id: str
    created_at: datetime


@dataclass(frozen=True)
class Access:
    """What a subject may do with a dataset."""

    can_see: bool = False
    can_analyse: bool = False
    can_write: bool = False
    can_manage: bool = False


def access_to(dataset: Dataset, caller: Caller, has_grant: bool) -> Access:
    """Tells what a caller may do with a dataset.

    Owner and administrators may do everything, as may services; a grant lets analyse and write; a public dataset is
    seen by all staff, and seeing it does not mean analysing it.
    """
    may_manage = caller.is_service or caller.is_admin or dataset.owner_id == caller.user_id
    may_work = may_manage or has_grant
    return Access(
        can_see=may_work or dataset.is_public, can_analyse=may_work, can_write=may_work, can_manage=may_manage
    )


def dataset_not_found() -> AppError:
    """The one answer for a dataset that does not exist and for one the caller may not see."""
    return AppError(
        Code.NOT_FOUND, "dataset_not_found", "There is no such dataset, or you may not see it. Check the id."
    )


def check_settings(session_gap_minutes: int, goal_activity: str) -> None:
    """Checks the settings of a dataset that are neither names nor choices.

    Raises:
        AppError: INVALID_ARGUMENT session_gap_out_of_range or goal_activity_invalid.
    """
    if not 0 <= session_gap_minutes <= MAX_GAP_MINUTES:
        raise invalid(
            "session_gap_minutes",
            "session_gap_out_of_range",
            f"The session gap is {session_gap_minutes} minutes. Give 1 to {MAX_GAP_MINUTES}, "
            "or none when the events carry a session id.",
        )
    if len(goal_activity) > MAX_ACTIVITY_LENGTH or has_control_characters(goal_activity):
        raise invalid(
            "goal_activity",
            "goal_activity_invalid",
            f"The goal step is longer than {MAX_ACTIVITY_LENGTH} characters or holds control characters. "
            "Choose a step of the dataset.",
        )
