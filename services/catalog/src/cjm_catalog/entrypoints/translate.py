"""What all RPCs translate alike."""

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from cjm_catalog.domain.accounts import Caller
from cjm_catalog.domain.mappings import Function, Mapping, MappingColumn, MappingSpec, StepRule
from cjm_catalog.domain.repairs import Repair, RepairAction
from cjm_kit.identity import current_identity
from cjm_protos.catalog.v1 import mapping_pb2

_FUNCTION_TO_PROTO = {
    None: mapping_pb2.FUNCTION_UNSPECIFIED,
    Function.LOWER: mapping_pb2.FUNCTION_LOWER,
    Function.UPPER: mapping_pb2.FUNCTION_UPPER,
    Function.STRING: mapping_pb2.FUNCTION_STRING,
    Function.INT: mapping_pb2.FUNCTION_INT,
    Function.FLOAT: mapping_pb2.FUNCTION_FLOAT,
    Function.DATETIME: mapping_pb2.FUNCTION_DATETIME,
    Function.DATE: mapping_pb2.FUNCTION_DATE,
}
_FUNCTION_FROM_PROTO = {message: function for function, message in _FUNCTION_TO_PROTO.items()}
_REPAIR_ACTION_TO_PROTO = {
    None: mapping_pb2.REPAIR_ACTION_UNSPECIFIED,
    RepairAction.LEAVE_EMPTY: mapping_pb2.REPAIR_ACTION_LEAVE_EMPTY,
    RepairAction.USE_TEXT: mapping_pb2.REPAIR_ACTION_USE_TEXT,
    RepairAction.CUT: mapping_pb2.REPAIR_ACTION_CUT,
    RepairAction.CLEAN: mapping_pb2.REPAIR_ACTION_CLEAN,
}
_REPAIR_ACTION_FROM_PROTO = {message: action for action, message in _REPAIR_ACTION_TO_PROTO.items()}


def caller() -> Caller:
    """Who asks."""
    identity = current_identity()
    return Caller(identity.user_id, identity.is_admin, identity.is_service)


def offer_message(actions: Sequence[RepairAction]) -> mapping_pb2.RepairOffer:
    """What can be done about one fault."""
    return mapping_pb2.RepairOffer(actions=[_REPAIR_ACTION_TO_PROTO[action] for action in actions])


def timestamp(time: datetime | None) -> Timestamp | None:
    """A time, UTC; none stays absent."""
    if time is None:
        return None
    message = Timestamp()
    message.FromDatetime(time)
    return message


def mapping_spec(message: mapping_pb2.Mapping) -> MappingSpec:
    """What a mapping message says; an unknown number of a function or an action counts as none."""
    return MappingSpec(
        name=message.name,
        columns=tuple(
            MappingColumn(
                column.field,
                column.column,
                _FUNCTION_FROM_PROTO.get(column.function),
                tuple(
                    Repair(repair.reason, _REPAIR_ACTION_FROM_PROTO.get(repair.action), repair.text)
                    for repair in column.repairs
                ),
            )
            for column in message.columns
        ),
        time_zone=message.time_zone,
        time_format=message.time_format,
        decimal_sign=message.decimal_sign,
        step_rules=tuple(StepRule(rule.pattern, rule.name) for rule in message.step_rules),
        encoding=message.encoding,
        separator=message.separator,
        headerless=message.headerless,
    )


def mapping_message(mapping: Mapping, owner: str) -> mapping_pb2.Mapping:
    """A mapping with the name of its owner."""
    return mapping_pb2.Mapping(
        mapping_id=mapping.mapping_id,
        name=mapping.name,
        columns=[
            mapping_pb2.MappingColumn(
                field=c.field,
                column=c.column,
                function=_FUNCTION_TO_PROTO[c.function],
                repairs=[
                    mapping_pb2.Repair(
                        reason=repair.reason,
                        action=_REPAIR_ACTION_TO_PROTO[repair.action],
                        text=repair.text,
                    )
                    for repair in c.repairs
                ],
            )
            for c in mapping.columns
        ],
        time_zone=mapping.time_zone,
        time_format=mapping.time_format,
        decimal_sign=mapping.decimal_sign,
        owner_id=mapping.owner_id,
        owner=owner,
        created_at=timestamp(mapping.created_at),
        step_rules=[mapping_pb2.StepRule(pattern=rule.pattern, name=rule.name) for rule in mapping.step_rules],
        encoding=mapping.encoding,
        separator=mapping.separator,
        headerless=mapping.headerless,
    )
