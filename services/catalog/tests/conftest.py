"""The catalog over gRPC on a real database, with a clock that the test moves."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from cjm_catalog.adapters.database import SqlStore
from cjm_catalog.adapters.passwords import Argon2Passwords
from cjm_catalog.application.accounts import Accounts
from cjm_catalog.bootstrap import MIGRATIONS
from cjm_catalog.main import registrations
from cjm_kit.db import Database
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import IdentitySigner, acting_as, staff_identity
from cjm_kit.rpc import RpcClient, RpcServer
from cjm_kit.settings import ServiceSettings
from cjm_kit.telemetry import Telemetry
from cjm_protos.catalog.v1 import account_pb2 as account
from cjm_protos.catalog.v1 import dataset_pb2 as dataset
from cjm_protos.catalog.v1 import mapping_pb2 as mapping
from cjm_protos.catalog.v1.account_pb2_grpc import AccountServiceStub
from cjm_protos.catalog.v1.dataset_pb2_grpc import DatasetServiceStub
from cjm_protos.catalog.v1.import_log_pb2_grpc import ImportLogServiceStub
from cjm_protos.catalog.v1.journal_pb2_grpc import JournalServiceStub
from cjm_protos.catalog.v1.mapping_pb2_grpc import MappingServiceStub
from cjm_protos.catalog.v1.token_pb2_grpc import TokenServiceStub

ADMIN_PASSWORD = "the first administrator"
PASSWORD = "a long enough password"

FAST_PASSWORDS = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Clock:
    """A clock that stands still until the test moves it."""

    time: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, **duration: float) -> None:
        self.time += timedelta(**duration)


@dataclass
class Catalog:
    """Every RPC of the catalog; calls are made by a service unless `acting` says otherwise."""

    client: RpcClient
    clock: Clock
    users: dict[str, account.User] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.accounts = self.client.stub(AccountServiceStub)
        self.datasets = self.client.stub(DatasetServiceStub)
        self.tokens = self.client.stub(TokenServiceStub)
        self.mappings = self.client.stub(MappingServiceStub)
        self.imports = self.client.stub(ImportLogServiceStub)
        self.journal = self.client.stub(JournalServiceStub)

    @contextmanager
    def acting(self, name: str) -> Iterator[None]:
        user = self.users[name]
        with acting_as(staff_identity(user.user_id, is_admin=user.role == account.ROLE_ADMIN)):
            yield

    async def user(self, name: str, role: account.Role.ValueType = account.ROLE_ANALYST) -> account.User:
        with self.acting("admin"):
            request = account.CreateUserRequest(username=name, password=PASSWORD, role=role)
            self.users[name] = (await self.accounts.CreateUser(request)).user
        return self.users[name]

    async def log_in(self, name: str, password: str = PASSWORD, address: str = "192.0.2.1") -> account.LoginResponse:
        request = account.LoginRequest(username=name, password=password, client_address=address)
        return await self.accounts.Login(request)

    async def dataset(self, owner: str, name: str, *, is_public: bool = False) -> dataset.Dataset:
        with self.acting(owner):
            request = dataset.CreateDatasetRequest(name=name, is_public=is_public)
            return (await self.datasets.CreateDataset(request)).dataset


@contextmanager
def refused(code: Code, reason: str) -> Iterator[AppError]:
    """Expects a refusal; the yielded error is filled in when the block ends."""
    seen = AppError(code, "", "")
    with pytest.raises(AppError) as caught:
        yield seen
    error = caught.value
    assert (error.code, error.reason) == (code, reason), error.detail
    seen.detail, seen.metadata, seen.violations = error.detail, error.metadata, error.violations


def good_mapping(name: str = "shop") -> mapping.Mapping:
    """A mapping that can be used."""
    return mapping.Mapping(
        name=name,
        columns=[
            mapping.MappingColumn(field="customer_id", column="user_id", function=mapping.FUNCTION_STRING),
            mapping.MappingColumn(
                field="action_type",
                column="event",
                function=mapping.FUNCTION_LOWER,
                repairs=[
                    mapping.Repair(reason="field_missing", action=mapping.REPAIR_ACTION_USE_TEXT, text="Unknown"),
                    mapping.Repair(reason="text_too_long", action=mapping.REPAIR_ACTION_CUT),
                ],
            ),
            mapping.MappingColumn(field="time", column="at", function=mapping.FUNCTION_DATETIME),
        ],
        step_rules=[
            mapping.StepRule(pattern="cart", name="Cart"),
            mapping.StepRule(pattern="/product/*", name="Product page"),
        ],
    )


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database, once on SQLite and once on PostgreSQL."""
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def catalog(database: Database, signer: IdentitySigner, tmp_path: Path) -> AsyncIterator[Catalog]:
    """The running catalog with its first administrator."""

    async def no_bus() -> None:
        """Facts stay in the outbox, where a test can look at them."""

    clock = Clock()
    passwords = Argon2Passwords(FAST_PASSWORDS)
    await Accounts(SqlStore(database, no_bus), passwords, clock).create_first_admin(ADMIN_PASSWORD)
    settings = ServiceSettings(
        identity_secret="not used here, the signer is given",  # type: ignore[arg-type]
        data_dir=tmp_path,
        shutdown_seconds=0.2,
    )
    server = RpcServer(settings, registrations(database, no_bus, passwords, clock), signer, Telemetry("catalog"))
    await server.start()
    client = RpcClient(f"127.0.0.1:{server.port}", signer, "gateway")
    catalog = Catalog(client, clock)
    catalog.users["admin"] = (await catalog.log_in("admin", ADMIN_PASSWORD)).user
    yield catalog
    await client.close()
    await server.stop()
