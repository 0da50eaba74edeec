"""Putting right what makes the events of a dataset doubtful."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cjm_ingest.domain.quality import FindingKind

# Of the others nothing true can be said: rare steps may be wanted, the order of one millisecond is not known.
FIXABLE: Final = frozenset(
    {
        FindingKind.DUPLICATES,
        FindingKind.FUTURE_TIMES,
        FindingKind.SIMILAR_STEPS,
        FindingKind.SURROUNDING_BLANKS,
    }
)


@dataclass(frozen=True, slots=True)
class Fixed:
    """How many events a fix changed and how many it removed."""

    changed_count: int
    removed_count: int


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a dataset.

    Attributes:
        names: The place is the code.
        aliases: Other names under which events of a step come in, with its code.
    """

    names: tuple[str, ...]
    aliases: Mapping[str, int] = field(default_factory=dict)

    def renamed(self, renames: Mapping[str, str]) -> "tuple[Steps, tuple[int, ...]]":
        """Other names for steps; those with the same new name become one, the former names become aliases.

        Args:
            renames: New name by present name; a new name may be that of another step, or an alias of one.

        Returns:
            The new steps, and by present code the new one.
        """

        def meant(name: str) -> str:
            renamed = renames.get(name, name)
            if renamed not in self.aliases:
                return renamed
            stands_for = self.names[self.aliases[renamed]]
            return renames.get(stands_for, stands_for)

        new_names = [meant(name) for name in self.names]
        places = {name: place for place, name in enumerate(dict.fromkeys(new_names))}
        codes = tuple(places[name] for name in new_names)
        aliases = {name: codes[code] for name, code in self.aliases.items()} | dict(zip(self.names, codes, strict=True))
        return Steps(tuple(places), {name: code for name, code in aliases.items() if name not in places}), codes
