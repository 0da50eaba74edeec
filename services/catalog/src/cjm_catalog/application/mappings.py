"""Keeping mappings."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from cjm_catalog.application.accounts import usernames
from cjm_catalog.application.ports import Clock, Records, Store, TakenError
from cjm_catalog.domain.accounts import Caller
from cjm_catalog.domain.checks import Page, checked_page_size, decode_cursor, encode_cursor, text
from cjm_catalog.domain.journal import JournalEntry, JournalKind
from cjm_catalog.domain.mappings import Mapping, MappingSpec, checked_mapping
from cjm_kit.errors import AppError, Code


@dataclass(frozen=True)
class MappingView:
    """A mapping with the name of its owner."""

    mapping: Mapping
    owner: str


@dataclass(frozen=True)
class Mappings:
    """The use cases around mappings."""

    store: Store
    now: Clock

    async def create(self, caller: Caller, spec: MappingSpec) -> MappingView:
        """Makes a mapping owned by the caller.

        Raises:
            AppError: INVALID_ARGUMENT mapping_invalid, naming everything that is wrong; ALREADY_EXISTS
                mapping_name_taken.
        """
        checked = checked_mapping(spec, needs_name=True)
        mapping = Mapping(**vars(checked), mapping_id=str(uuid4()), owner_id=caller.user_id, created_at=self.now())
        try:
            async with self.store.write() as records:
                await records.add(mapping)
                return (await _views(records, [mapping]))[0]
        except TakenError as error:
            raise AppError(
                Code.ALREADY_EXISTS,
                "mapping_name_taken",
                f'There is a mapping named "{mapping.name}" already. Choose another name.',
            ) from error

    async def get(self, mapping_id: str) -> MappingView:
        """Gives one mapping.

        Raises:
            AppError: NOT_FOUND mapping_not_found.
        """
        async with self.store.read() as records:
            return (await _views(records, [await existing_mapping(records, mapping_id)]))[0]

    async def page(self, page_size: int, cursor: str) -> Page[MappingView]:
        """Lists the mappings of all staff by name.

        Raises:
            AppError: INVALID_ARGUMENT page_size_out_of_range, page_token_invalid.
        """
        limit = checked_page_size(page_size)
        after = decode_cursor(cursor, text)
        async with self.store.read() as records:
            mappings = await records.page(Mapping, ("name_key",), after, limit + 1)
            views = await _views(records, mappings[:limit])
        return Page(views, encode_cursor(mappings[limit - 1].name_key) if len(mappings) > limit else "")

    async def delete(self, caller: Caller, mapping_id: str) -> None:
        """Deletes a mapping; imports made with it keep their copy.

        Raises:
            AppError: NOT_FOUND mapping_not_found; PERMISSION_DENIED mapping_delete_not_allowed.
        """
        async with self.store.write() as records:
            mapping = await existing_mapping(records, mapping_id)
            if not caller.is_admin and mapping.owner_id != caller.user_id:
                raise AppError(
                    Code.PERMISSION_DENIED,
                    "mapping_delete_not_allowed",
                    f'Only the owner of "{mapping.name}" or an administrator may delete it.',
                )
            await records.remove(Mapping, mapping_id=mapping_id)
            entry = JournalEntry(
                entry_id=str(uuid4()),
                kind=JournalKind.DELETED,
                object="mapping",
                created_by_id=caller.user_id,
                created_at=self.now(),
                object_id=mapping_id,
                name=mapping.name,
            )
            await records.add(entry)


async def existing_mapping(records: Records, mapping_id: str) -> Mapping:
    """Finds a mapping.

    Raises:
        AppError: NOT_FOUND mapping_not_found.
    """
    mapping = await records.get(Mapping, mapping_id=mapping_id)
    if mapping is None:
        raise AppError(Code.NOT_FOUND, "mapping_not_found", "There is no such mapping. Check the id.")
    return mapping


async def _views(records: Records, mappings: Sequence[Mapping]) -> list[MappingView]:
    names = await usernames(records, {mapping.owner_id for mapping in mappings})
    return [MappingView(mapping, names[mapping.owner_id]) for mapping in mappings]
