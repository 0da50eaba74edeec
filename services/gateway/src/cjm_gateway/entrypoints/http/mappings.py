"""Mappings: how the columns of a file become event fields."""

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Response
from pydantic import Field

from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.gateway import GatewayDep
from cjm_gateway.entrypoints.http.shapes import (
    Body,
    Instant,
    Page,
    PagingQuery,
    Shape,
    instant_or_none,
    word,
    words,
)
from cjm_protos.catalog.v1 import mapping_pb2

router = APIRouter(prefix="/api/v1/mappings", tags=["Imports"], dependencies=[staff_only])
FunctionWord = Literal["lower", "upper", "string", "int", "float", "datetime", "date"]
RepairActionWord = Literal["leave_empty", "use_text", "cut", "clean"]
_FUNCTIONS = words(mapping_pb2.Function)
_REPAIR_ACTIONS = words(mapping_pb2.RepairAction)


class Repair(Body):
    """What to do about one fault in one column, so that its rows are not left out."""

    reason: Annotated[str, Field(description="Reason code of the fault, for example `not_a_number`.")]
    action: Annotated[
        RepairActionWord,
        Field(
            description="`leave_empty`: the field is not set. `use_text`: `text` counts as if it stood in the file. "
            "`cut`: as many characters stay as the field holds. `clean`: NUL bytes go, what the encoding does not know "
            "becomes U+FFFD."
        ),
    ]
    text: Annotated[str, Field(description="For `use_text` alone, 1-512 characters.")] = ""


class MappingColumn(Body):
    """One column and the event field it fills."""

    field: Annotated[str, Field(description="Event field, or `properties.<name>`.")]
    column: Annotated[str, Field(description='Header of the column; "Column 1", "Column 2" without headers.')]
    function: Annotated[FunctionWord | None, Field(description="null: as it stands, white space trimmed.")] = None
    repairs: Annotated[
        list[Repair], Field(description="Each reason at most once; `actions` of a finding tells what is possible.")
    ] = []  # noqa: RUF012 - pydantic copies it


class StepRule(Body):
    """Steps that get another name."""

    pattern: Annotated[
        str, Field(description='Whole text of a step; every "*" stands for any characters. At most 500 characters.')
    ]
    name: Annotated[str, Field(description="Name that fitting steps get, at most 512 characters.")]


class NewMapping(Body):
    """A mapping as sent; one that goes along with an import needs no name."""

    name: str = ""
    columns: list[MappingColumn]
    timezone: Annotated[str, Field(description="IANA time zone of times that carry none.")] = "UTC"
    time_format: Annotated[
        str | None,
        Field(
            description="null: detect; `day_first` or `month_first`: detect, and read dates like 3/4/2024 that way; "
            "else a strptime pattern, the only form that is then read."
        ),
    ] = None
    decimal_sign: Annotated[str, Field(description='"." or ",".')] = "."
    step_rules: Annotated[
        list[StepRule], Field(description="Other names for steps, at most 500; the first that fits counts.")
    ] = []  # noqa: RUF012 - pydantic copies it
    encoding: Annotated[
        str,
        Field(
            description="UTF-8, UTF-16LE, UTF-16BE, windows-1251, windows-1252, windows-1258 or ISO-8859-15. "
            "A byte order mark in the file counts more."
        ),
    ] = "UTF-8"
    separator: Annotated[str | None, Field(description='",", ";", tab or "|"; null: the one that fits best.')] = None
    headerless: Annotated[bool, Field(description="The first row is data.")] = False


class MappingShape(Shape):
    """A mapping."""

    id: Annotated[str | None, Field(description="null for one that was sent along with an import.")]
    name: str
    columns: list[MappingColumn]
    timezone: str
    time_format: str | None
    decimal_sign: str
    step_rules: list[StepRule]
    encoding: str
    separator: str | None
    headerless: bool
    owner: str
    owner_id: str
    created_at: Instant | None


def mapping_message(mapping: NewMapping) -> mapping_pb2.Mapping:
    """A mapping as catalog takes it."""
    return mapping_pb2.Mapping(
        name=mapping.name,
        columns=[
            mapping_pb2.MappingColumn(
                field=item.field,
                column=item.column,
                function=_FUNCTIONS[item.function] if item.function else mapping_pb2.FUNCTION_UNSPECIFIED,
                repairs=[
                    mapping_pb2.Repair(reason=repair.reason, action=_REPAIR_ACTIONS[repair.action], text=repair.text)
                    for repair in item.repairs
                ],
            )
            for item in mapping.columns
        ],
        time_zone=mapping.timezone,
        time_format=mapping.time_format or "",
        decimal_sign=mapping.decimal_sign,
        step_rules=[mapping_pb2.StepRule(pattern=rule.pattern, name=rule.name) for rule in mapping.step_rules],
        encoding=mapping.encoding,
        separator=mapping.separator or "",
        headerless=mapping.headerless,
    )


def repair_shape(repair: mapping_pb2.Repair) -> Repair:
    """A repair for the API."""
    return Repair(reason=repair.reason, action=repair_word(repair.action), text=repair.text)


def repair_word(action: int) -> RepairActionWord:
    """An action for the API."""
    return cast("RepairActionWord", word(mapping_pb2.RepairAction, action))


def mapping_shape(mapping: mapping_pb2.Mapping) -> MappingShape:
    """A mapping for the API."""
    return MappingShape.model_validate(
        {
            "id": mapping.mapping_id or None,
            "name": mapping.name,
            "columns": [
                {
                    "field": item.field,
                    "column": item.column,
                    "function": word(mapping_pb2.Function, item.function) if item.function else None,
                    "repairs": [repair_shape(repair) for repair in item.repairs],
                }
                for item in mapping.columns
            ],
            "timezone": mapping.time_zone or "UTC",
            "time_format": mapping.time_format or None,
            "decimal_sign": mapping.decimal_sign or ".",
            "step_rules": [{"pattern": rule.pattern, "name": rule.name} for rule in mapping.step_rules],
            "encoding": mapping.encoding or "UTF-8",
            "separator": mapping.separator or None,
            "headerless": mapping.headerless,
            "owner": mapping.owner,
            "owner_id": mapping.owner_id,
            "created_at": instant_or_none(mapping, "created_at"),
        }
    )


@router.get("", summary="List mappings")
async def list_mappings(paging: PagingQuery, gateway: GatewayDep) -> Page[MappingShape]:
    """Mappings of all staff by name."""
    request = mapping_pb2.ListMappingsRequest(page_size=paging.limit, page_token=paging.cursor)
    answer = await gateway.services.mappings.ListMappings(request)
    return Page(items=[mapping_shape(item) for item in answer.mappings], next_cursor=answer.next_page_token or None)


@router.post("", summary="Make a mapping", status_code=201)
async def create_mapping(body: NewMapping, gateway: GatewayDep) -> MappingShape:
    """Make a mapping that all staff can use; a refusal names every faulty column."""
    request = mapping_pb2.CreateMappingRequest(mapping=mapping_message(body))
    return mapping_shape((await gateway.services.mappings.CreateMapping(request)).mapping)


@router.get("/{mapping_id}", summary="Read a mapping")
async def get_mapping(mapping_id: str, gateway: GatewayDep) -> MappingShape:
    """One mapping."""
    request = mapping_pb2.GetMappingRequest(mapping_id=mapping_id)
    return mapping_shape((await gateway.services.mappings.GetMapping(request)).mapping)


@router.delete("/{mapping_id}", summary="Delete a mapping", status_code=204)
async def delete_mapping(mapping_id: str, gateway: GatewayDep) -> Response:
    """Delete a mapping of one's own; past imports keep their copy."""
    await gateway.services.mappings.DeleteMapping(mapping_pb2.DeleteMappingRequest(mapping_id=mapping_id))
    return Response(status_code=204)
