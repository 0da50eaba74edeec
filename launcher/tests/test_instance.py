"""What must be true before anything starts, each refusal with a sentence that says what to do."""

import os
import socket
import stat
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError

from cjm_kit.errors import AppError
from cjm_launcher import instance
from cjm_launcher.doctor import check_machine
from cjm_launcher.instance import free_port
from cjm_launcher.nats_server import NatsServer
from cjm_launcher.service_process import ServiceProcess
from cjm_launcher.settings import LauncherSettings
from cjm_launcher.single import page_address


def test_data_folder_is_made_private_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    instance.prepare_data_dir(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_files_in_a_folder_that_was_there_are_private_too(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    former = os.umask(0o022)
    try:
        instance.prepare_data_dir(tmp_path)
        (tmp_path / "catalog.sqlite").write_text("x")
    finally:
        os.umask(former)
    assert stat.S_IMODE((tmp_path / "catalog.sqlite").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://localhost:80"),
        ("::", "http://[::1]:80"),
        ("10.0.0.7", "http://10.0.0.7:80"),
        ("fd00::7", "http://[fd00::7]:80"),
    ],
)
def test_the_page_is_found_where_it_listens(host: str, address: str) -> None:
    assert page_address(host, 80) == address


async def test_the_bus_lets_nobody_in_without_its_token(nats_server: NatsServer) -> None:
    async def ignore(_: Exception) -> None: ...

    client = Client()
    with pytest.raises(NatsError):
        await client.connect(
            nats_server.url.replace(nats_server.url.split("//")[1].split("@")[0] + "@", ""),
            error_cb=ignore,
            allow_reconnect=False,
        )
    await client.close()


def test_folder_in_the_way_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(AppError) as caught:
        instance.prepare_data_dir(tmp_path / "file" / "var")
    assert caught.value.reason == "data_dir_not_writable"


def test_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    first = instance.lock_data_dir(tmp_path)
    with pytest.raises(AppError) as caught:
        instance.lock_data_dir(tmp_path)
    assert str(os.getpid()) in caught.value.detail
    os.close(first)
    os.close(instance.lock_data_dir(tmp_path))


def test_taken_port() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(AppError) as caught:
            instance.require_free_port("127.0.0.1", port)
    assert caught.value.reason == "port_in_use"
    instance.require_free_port("127.0.0.1", port)


def test_a_port_that_was_given_out_is_not_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instance, "_PORTS", range(19_000, 19_030))
    ports = [free_port() for _ in range(20)]
    assert len(set(ports)) == 20
    with socket.socket() as user:
        user.bind(("127.0.0.1", ports[0]))


def test_signing_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    key = instance.identity_secret(tmp_path)
    assert len(key) >= 32
    assert instance.identity_secret(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "identity-secret").stat().st_mode) == 0o600


def test_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        settings = LauncherSettings(port=holder.getsockname()[1], data_dir=tmp_path)
        results = {result.name: result for result in check_machine(settings)}
    assert not results["port"].is_good
    assert results["data folder"].is_good
    assert results["message bus"].is_good


async def test_a_service_that_cannot_start_is_said(tmp_path: Path) -> None:
    values = {"identity_secret": "x" * 40, "rpc_listen": f"127.0.0.1:{free_port()}", "metrics_listen": "no address"}
    process = ServiceProcess("intake", values, tmp_path / "log")
    await process.start()
    try:
        with pytest.raises(AppError) as refused:
            await process.until_ready()
    finally:
        await process.stop()
    assert refused.value.reason == "part_died"
    assert "CJM_INTAKE_METRICS_LISTEN" in (tmp_path / "log").read_text()
