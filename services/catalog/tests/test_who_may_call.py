"""Every RPC of the catalog, called by everybody."""

import pytest
from google.protobuf.message_factory import GetMessageClass

from cjm_kit.errors import AppError
from cjm_kit.identity import Identity, acting_as, service_identity, staff_identity
from cjm_protos.catalog.v1 import account_pb2, dataset_pb2, import_log_pb2, journal_pb2, mapping_pb2, token_pb2

from .conftest import Catalog

SERVICES = [
    service
    for module in (account_pb2, dataset_pb2, token_pb2, mapping_pb2, import_log_pb2, journal_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
]
CALLERS = {
    "analyst": staff_identity("somebody", is_admin=False),
    "admin": staff_identity("somebody", is_admin=True),
    "system": Identity("token:something", frozenset({"system"}), scopes=frozenset({"events:write"})),
    "service": service_identity("ingest"),
    "nobody": Identity("anyone", frozenset()),
}
STAFF = {"analyst", "admin"}
ADMIN = {"admin"}
SERVICE = {"service"}
MAY_CALL = {
    "Login": SERVICE,
    "Logout": SERVICE,
    "AuthenticateSession": SERVICE,
    "ChangePassword": STAFF,
    "CreateUser": ADMIN,
    "ListUsers": STAFF,
    "UpdateUser": ADMIN,
    "GetUser": STAFF | SERVICE,
    "CreateDataset": STAFF,
    "CheckDatasetName": STAFF,
    "GetDataset": STAFF | SERVICE,
    "ListDatasets": STAFF | SERVICE,
    "UpdateDataset": STAFF,
    "DeleteDataset": STAFF,
    "RestoreDataset": STAFF,
    "CreateGrant": ADMIN,
    "DeleteGrant": ADMIN,
    "ListGrants": STAFF,
    "GetAccess": SERVICE,
    "CreateToken": ADMIN,
    "ListTokens": ADMIN,
    "GetToken": ADMIN,
    "RevokeToken": ADMIN,
    "AuthenticateToken": SERVICE,
    "CreateMapping": STAFF,
    "GetMapping": STAFF | SERVICE,
    "ListMappings": STAFF,
    "DeleteMapping": STAFF,
    "OfferRepairs": STAFF | SERVICE,
    "CreateImport": STAFF,
    "UpdateImport": SERVICE,
    "GetImport": STAFF | SERVICE,
    "ListImports": STAFF | SERVICE,
    "NoteExport": STAFF,
    "NoteEntry": SERVICE,
    "ListJournal": STAFF,
}


def test_the_table_names_every_rpc() -> None:
    assert set(MAY_CALL) == {method.name for service in SERVICES for method in service.methods}


@pytest.mark.parametrize("who", CALLERS)
async def test_only_the_named_roles_come_in(catalog: Catalog, who: str) -> None:
    came_in = set()
    for service in SERVICES:
        for method in service.methods:
            call = catalog.client.unary_unary(
                f"/{service.full_name}/{method.name}",
                request_serializer=GetMessageClass(method.input_type).SerializeToString,
                response_deserializer=GetMessageClass(method.output_type).FromString,
            )
            with acting_as(CALLERS[who]):
                try:
                    await call(GetMessageClass(method.input_type)())
                    reason = ""
                except AppError as error:
                    reason = error.reason
            assert reason != "internal", method.name
            if reason != "not_allowed":
                came_in.add(method.name)
    assert came_in == {name for name, callers in MAY_CALL.items() if who in callers}
