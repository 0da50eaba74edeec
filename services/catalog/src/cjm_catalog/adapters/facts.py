"""The facts of the catalog as messages on the bus."""

from google.protobuf.message import Message

from cjm_catalog.domain import facts
from cjm_protos.catalog.v1 import facts_pb2

STREAM = "CATALOG"
SUBJECTS = ("cjm.catalog.>",)

_KINDS: dict[type, tuple[str, type[Message]]] = {
    facts.DatasetCreated: ("cjm.catalog.dataset.created.v1", facts_pb2.DatasetCreated),
    facts.DatasetUpdated: ("cjm.catalog.dataset.updated.v1", facts_pb2.DatasetUpdated),
    facts.DatasetDeleted: ("cjm.catalog.dataset.deleted.v1", facts_pb2.DatasetDeleted),
    facts.GrantChanged: ("cjm.catalog.grant.changed.v1", facts_pb2.GrantChanged),
    facts.TokenRevoked: ("cjm.catalog.token.revoked.v1", facts_pb2.TokenRevoked),
    facts.UserChanged: ("cjm.catalog.user.changed.v1", facts_pb2.UserChanged),
}


def as_message(fact: facts.Fact) -> tuple[str, Message]:
    """Gives the subject and the message of a fact; the fields have the same names on both sides."""
    subject, message_type = _KINDS[type(fact)]
    return subject, message_type(**vars(fact))
