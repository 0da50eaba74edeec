"""Fixes: the events of a dataset written anew as they should be, beside the old ones, and put in their place at once.

A fix makes an edition of its own (see `editions`) in three parts:

1. `begin`, while no events arrive: the edition is noted, its steps are written, and the parts of the current edition
   are linked into the table `fixing`, which takes no copying. From now on new events enter both editions.
2. `perform`, while events arrive: what is in `fixing` is written, fixed, into the edition. An event that comes in
   again is looked for in `fixing` too, so that it does not enter the edition before its copy does.
3. `finish`, while no events arrive: one row makes the edition the current one. When events of an import were taken out
   meanwhile, or the dataset was replaced, the edition is given up instead. `clean_up` throws the old events away, or
   those of the edition that was given up, while events arrive.

Killed before that row is on disk, the old events are all there and the next start throws the half-made edition away;
killed after it, the new ones are, and the next start throws the old ones away. Questions see one or the other, never
both. So no event is lost or doubled, and a fix that was broken off can be repeated.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from cjm_ingest.adapters.event_store.editions import edition_key, new_fix_id
from cjm_ingest.adapters.event_store.listing_questions import dataset_stats
from cjm_ingest.adapters.event_store.quality_questions import bare_sql, has_blank_sql
from cjm_ingest.adapters.event_store.schema import INCOMING_SCHEMA
from cjm_ingest.adapters.event_store.scope_sql import Parameters
from cjm_ingest.adapters.event_store.store import EventStore, StoreReader
from cjm_ingest.domain.fields import TEXT_FIELDS
from cjm_ingest.domain.fixes import Fixed
from cjm_ingest.domain.quality import BLANKS, BLANKS_AROUND, FindingKind, kept_spellings, without_blanks
from cjm_kit.errors import AppError, Code

_TAG: Final = "fix"
_LONGEST_SECONDS: Final = 3600
# One thread and small blocks: questions and the writer go on beside it.
_COPY_SETTINGS: Final = {
    "max_threads": 1,
    "min_insert_block_size_rows": 250_000,
    "min_insert_block_size_bytes": 0,
    "insert_deduplicate": 0,
}
_TIMES_IN_ORDER: Final = {"max_threads": 1, "optimize_aggregation_in_order": 1}


@dataclass(frozen=True, slots=True)
class Fix:
    """A fix that has begun.

    Attributes:
        dataset_id: UUID.
        fix_id: What makes the key of its edition.
        kind: What is put right.
        now_ms: What lies after it is in the future, milliseconds since 1970-01-01 UTC.
        source: Key of the edition that is fixed.
        codes: New code of each step of the source.
        renamed: Codes of the source whose steps get another name.
    """

    dataset_id: str
    fix_id: str
    kind: FindingKind
    now_ms: int
    source: str
    codes: tuple[int, ...]
    renamed: tuple[int, ...]

    @property
    def edition(self) -> str:
        """Key of the edition that it makes."""
        return edition_key(self.dataset_id, self.fix_id)


class EventFixes:
    """Fixes stored events, one dataset at a time. All methods block."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._engine = store.engine

    def undisturbed(self) -> AbstractContextManager[object]:
        """While it is entered, no events are taken out."""
        return self._store.removals

    def begin(self, dataset_id: str, kind: FindingKind, now_ms: int) -> Fix:
        """Begin an edition; events must neither arrive nor be taken out while this, `finish` or `give_up` runs.

        Raises:
            AppError: FAILED_PRECONDITION `dataset_being_replaced`.
        """
        store = self._store
        if left_over := store.unfinished_fix(dataset_id):  # it could not be given up then, for example on a full disk
            store.abandon_edition(dataset_id, left_over)
        if len(store.editions(dataset_id)) > 1:
            detail = "An import is replacing the events of this dataset. Look at the findings again when it has ended."
            raise AppError(Code.FAILED_PRECONDITION, "dataset_being_replaced", detail)
        source, fix_id = store.edition(dataset_id), new_fix_id()
        former = store.steps(source)
        steps, codes = former.renamed(self._renames(source, kind, former.names))
        renamed = tuple(code for code, name in enumerate(former.names) if steps.names[codes[code]] != name)
        fix = Fix(dataset_id, fix_id, kind, now_ms, source, codes, renamed)
        store.begin_edition(dataset_id, fix_id)
        store.also_look_in(fix.edition, "removed_events", fix.edition)
        store.also_look_in(fix.edition, "fixing", source)
        try:
            store.write_steps(fix.edition, steps)
            self._engine.command(
                "INSERT INTO removed_events SELECT {edition:String}, event_key, import_ids FROM removed_events "
                "WHERE dataset_id = {source:String}",
                {"edition": fix.edition, "source": source},
            )
            self._engine.command(
                "ALTER TABLE fixing REPLACE PARTITION {source:String} FROM events",
                {"source": source},
                {"allow_replace_partition_from_empty_source": 1},
            )
        except BaseException:
            self.give_up(fix)
            self.clean_up(fix)
            raise
        return fix

    def perform(self, fix: Fix) -> Fixed:
        """Write the events anew; when there is nothing to fix, nothing is written."""
        if fix.kind is FindingKind.DUPLICATES:
            self._note_duplicates(fix)
        parameters = Parameters({"source": fix.source, "edition": fix.edition})
        keeps, values = self._changes(fix, parameters)
        where = "FROM fixing WHERE dataset_id = {source:String}"
        conditions = {name: condition for name, (condition, _) in values.items()}
        by_column = "".join(f", countIf({condition}) AS {name}_changed" for name, condition in conditions.items())
        found = self._engine.query(
            f"SELECT countIf(NOT ({keeps})) AS removed, countIf({' OR '.join(conditions.values()) or '0'}) AS changed"
            f"{by_column} {where}",
            parameters.values,
            _TAG,
            time.monotonic() + _LONGEST_SECONDS,
        ).to_pylist()[0]
        fixed = Fixed(found["changed"], found["removed"])
        if fixed != Fixed(0, 0):
            written = {name: value for name, (_, value) in values.items() if found[f"{name}_changed"]}
            written["dataset_id"] = "{edition:String}"
            names = INCOMING_SCHEMA.names
            selected = ", ".join(written.get(name, name) for name in names)
            self._engine.long_command(
                f"INSERT INTO events ({', '.join(names)}) SELECT {selected} {where} AND ({keeps})",
                parameters.values,
                _TAG,
                _COPY_SETTINGS,
            )
        return fixed

    def finish(self, fix: Fix) -> bool:
        """Put the edition in the place of the current one.

        Returns:
            False when events were taken out or replaced meanwhile: then nothing is fixed.
        """
        if self._store.is_deleted(fix.dataset_id):
            self._store.abandon_edition(fix.dataset_id, fix.fix_id)
        self._store.adopt_edition(fix.dataset_id, fix.fix_id)
        return self._store.edition(fix.dataset_id) == fix.edition

    def give_up(self, fix: Fix) -> None:
        """Give the edition up; nothing once it is current."""
        self._store.abandon_edition(fix.dataset_id, fix.fix_id)

    def was_finished(self, dataset_id: str, fix_id: str) -> bool:
        """True when a fix was finished, in whichever run."""
        return self._store.was_adopted(dataset_id, fix_id)

    def clean_up(self, fix: Fix) -> None:
        """Throw the old events away, or those of an edition that was given up; events may arrive meanwhile."""
        self._store.look_no_more_in(fix.edition, "fixing")
        self._engine.long_command("TRUNCATE TABLE fixing", {}, _TAG)
        if self._store.edition(fix.dataset_id) != fix.edition:
            self._store.gone.add(fix.edition)  # once more: events may have arrived since it was given up
        self._store.drop_gone()

    def present_name(self, dataset_id: str, step: str) -> str:
        """What a step that may have got another name is called now."""
        steps = self._store.steps(self._store.edition(dataset_id))
        code = steps.aliases.get(step)
        return step if code is None else steps.names[code]

    def aliases(self, dataset_id: str) -> dict[str, str]:
        """By other name of a step under which events come in, the step."""
        steps = self._store.steps(self._store.edition(dataset_id))
        return {alias: steps.names[code] for alias, code in steps.aliases.items()}

    def delete_alias(self, dataset_id: str, alias: str) -> bool:
        """Have events that come in under another name of a step be of a step of that name; False when there is none."""
        return self._store.delete_alias(self._store.edition(dataset_id), alias)

    def stop(self, running: "Future[Any]") -> None:
        """Have the queries of a running fix stopped."""
        self._engine.stop(running, _TAG)

    def _renames(self, source: str, kind: FindingKind, names: tuple[str, ...]) -> Mapping[str, str]:
        if kind is FindingKind.SURROUNDING_BLANKS:
            return without_blanks(names)
        if kind is FindingKind.SIMILAR_STEPS:
            rows = self._engine.write_query(
                "SELECT action, count() AS n FROM events WHERE dataset_id = {source:String} GROUP BY action",
                {"source": source},
            ).to_pylist()
            return kept_spellings({names[row["action"]]: row["n"] for row in rows})
        return {}

    def _note_duplicates(self, fix: Fix) -> None:
        """Remember the ids of events after the first with the same customer, step and time: they do not come back.

        Nor may they be missing when one of the two imports is gone, so its id stands beside them.
        """
        self._engine.long_command(
            "INSERT INTO removed_events SELECT {edition:String}, later.2, "
            "arrayFilter(import_id -> import_id != '', [same[1].3, later.3]) FROM ("
            "SELECT arraySort(groupArray((tie, event_key, toString(import_id)))) AS same, "
            "arrayJoin(arraySlice(same, 2)) AS later FROM fixing WHERE dataset_id = {source:String} "
            "AND (customer_key, time, action) IN ("
            "SELECT customer_key, time, action FROM fixing WHERE dataset_id = {source:String} "
            "GROUP BY customer_key, time, action HAVING count() > 1) GROUP BY customer_key, time, action)",
            {"edition": fix.edition, "source": fix.source},
            _TAG,
            _TIMES_IN_ORDER,
        )

    def _changes(self, fix: Fix, parameters: Parameters) -> tuple[str, dict[str, tuple[str, str]]]:
        """Condition of the events that stay, and by column the condition of those that change and their new value."""
        match fix.kind:
            case FindingKind.DUPLICATES:
                removed = "SELECT event_key FROM removed_events WHERE dataset_id = {edition:String}"
                return f"event_key NOT IN ({removed})", {}
            case FindingKind.FUTURE_TIMES:
                return f"time <= fromUnixTimestamp64Milli({parameters.add(fix.now_ms, 'Int64')}, 'UTC')", {}
        values = {}
        if fix.renamed:
            values["action"] = (
                f"action IN {parameters.add(list(fix.renamed), 'Array(UInt16)')}",
                f"arrayElement({parameters.add(list(fix.codes), 'Array(UInt16)')}, action + 1)",
            )
        if fix.kind is FindingKind.SURROUNDING_BLANKS:
            blanks = parameters.add(list(BLANKS), "Array(String)")
            around = parameters.add(BLANKS_AROUND, "String")
            # Asked after the fix has begun, so that no field is missing that one of its events has.
            stats = dataset_stats(StoreReader(self._store, self._engine, _TAG), [fix.source])
            for name in ("customer_id", *(name for item in stats for name in item.set_fields if name in TEXT_FIELDS)):
                bare = bare_sql(name, around)
                condition = has_blank_sql(name, blanks) + (f" AND {bare} != ''" if name == "customer_id" else "")
                values[name] = condition, f"if({condition}, {bare}, toString({name}))"
        return "1", values
