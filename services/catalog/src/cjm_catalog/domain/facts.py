"""What the catalog tells the others, in the words of the field; an adapter puts it on the bus."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DatasetCreated:
    """A dataset exists from now on."""

    dataset_id: str
    name: str


@dataclass(frozen=True)
class DatasetUpdated:
    """Name, visibility or settings of a dataset changed."""

    dataset_id: str


@dataclass(frozen=True)
class DatasetDeleted:
    """A dataset is gone."""

    dataset_id: str


@dataclass(frozen=True)
class GrantChanged:
    """What an account may do with a dataset changed."""

    dataset_id: str
    user_id: str


@dataclass(frozen=True)
class TokenRevoked:
    """A token is worth nothing from now on."""

    token_id: str


@dataclass(frozen=True)
class UserChanged:
    """Role, disabled state or password of an account changed."""

    user_id: str


Fact = DatasetCreated | DatasetUpdated | DatasetDeleted | GrantChanged | TokenRevoked | UserChanged
