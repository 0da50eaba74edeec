"""Starting and stopping as an operator sees it."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

from cjm_launcher.instance import free_port
from cjm_testkit.product import ADMIN_PASSWORD, MAPPING_SIMPLE, Product, created, ended

CJM = str(Path(sys.executable).with_name("cjm"))


def _run(data_dir: Path, port: int) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CJM_DATA_DIR": str(data_dir), "CJM_PORT": str(port)}
    return subprocess.run([CJM, "run"], env=environment, capture_output=True, text=True, timeout=60)


def test_second_start_is_quick_stop_is_clean_and_nothing_is_left(fresh_product: Product) -> None:
    fresh_product.start()
    code, _ = fresh_product.stop()
    assert code == 0
    assert fresh_product.start() < 10
    assert fresh_product.process
    family = psutil.Process(fresh_product.process.pid)
    children = family.children(recursive=True)
    assert any("nats-server" in child.name() for child in children)
    code, seconds = fresh_product.stop()
    assert code == 0
    assert seconds < 10
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive


def test_a_stop_in_the_middle_of_an_import_is_as_quick_and_the_import_goes_on_after_it(fresh_product: Product) -> None:
    fresh_product.start()
    rows = b"".join(b"c%d,step %d,2024-01-01 00:00:%02d\n" % (n % 999, n % 7, n % 60) for n in range(1_500_000))
    with fresh_product.client() as client:
        dataset = created(client.post("/api/v1/datasets", json={"name": "Large"}))
        data, files = {"mapping": json.dumps(MAPPING_SIMPLE)}, {"file": ("large.csv", b"customer,action,time\n" + rows)}
        item = created(client.post(f"/api/v1/datasets/{dataset['id']}/imports", data=data, files=files), 202)
        while created(client.get(f"/api/v1/imports/{item['id']}"), 200)["progress_ratio"] < 0.3:
            time.sleep(0.05)
    code, seconds = fresh_product.stop()
    assert code == 0
    assert seconds < 10
    fresh_product.start()
    with fresh_product.client() as client:
        done = ended(client, f"/api/v1/imports/{item['id']}")
        assert (done["status"], done["rows_accepted"]) == ("completed", 1_500_000)
        assert created(client.get(f"/api/v1/datasets/{dataset['id']}"), 200)["events"] == 1_500_000


def test_killed_instance_leaves_no_server_behind(fresh_product: Product) -> None:
    fresh_product.start()
    assert fresh_product.process
    children = psutil.Process(fresh_product.process.pid).children(recursive=True)
    fresh_product.kill()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    assert fresh_product.start() < 30


def test_second_instance_on_the_same_data_is_refused(fresh_product: Product) -> None:
    fresh_product.start()
    second = _run(fresh_product.data_dir, free_port())
    assert second.returncode != 0
    assert "Another instance" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1


def test_file_above_the_limit_is_refused(fresh_product: Product) -> None:
    fresh_product.environment["CJM_MAX_UPLOAD_BYTES"] = "1000"
    fresh_product.start()
    with fresh_product.client() as client:
        dataset = created(client.post("/api/v1/datasets", json={"name": "small files only"}))
        for size_bytes, status in ((900, 202), (2_000, 413), (5_000_000, 413)):
            head = b"customer,action,time\nc1,visit,2024-01-01\n"
            answer = client.post(
                f"/api/v1/datasets/{dataset['id']}/imports",
                files={"file": ("events.csv", head + b"\n" * (size_bytes - len(head)))},
                data={"mapping": json.dumps(MAPPING_SIMPLE)},
            )
            assert answer.status_code == status
            if status == 413:
                assert answer.json()["reason"] in {"file_too_large", "body_too_large"}


def test_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        refused = _run(tmp_path / "var", port)
    assert refused.returncode != 0
    assert str(port) in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("in the way")
    refused = _run(blocker / "var", free_port())
    assert refused.returncode != 0
    assert "CJM_DATA_DIR" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_health_metrics_and_api_document(product: Product) -> None:
    with httpx.Client(base_url=product.base_url) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200
        assert "cjm_gateway_" in client.get("/metrics").text
        document = client.get("/openapi.json").json()
        assert document["openapi"].startswith("3.1")
        assert "/api/v1/datasets" in document["paths"]
        assert client.get("/docs").status_code == 200
        page = client.get("/")
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'self'" in page.headers["content-security-policy"]


def test_password_is_printed_once_and_never_logged(product: Product) -> None:
    log = (product.data_dir / "cjm.log").read_text()
    assert ADMIN_PASSWORD not in log
    assert ADMIN_PASSWORD not in "\n".join(product.lines)


def test_metrics_of_all_services_come_from_one_address(fresh_product: Product) -> None:
    listen = f"127.0.0.1:{free_port()}"
    fresh_product.environment["CJM_METRICS_LISTEN"] = listen
    fresh_product.start()
    with fresh_product.client() as client:
        dataset = created(client.post("/api/v1/datasets", json={"name": "measured"}))
        path, event = f"/api/v1/datasets/{dataset['id']}", {"customer_id": "c", "action_type": "visit"}
        created(client.post(f"{path}/events", json=event), 202)
        for asked in (f"{path}/events", f"{path}/reports/daily", "/api/v1/analyses"):
            created(client.get(asked), 200)
    # Metrics of calls have samples only after a call.
    text = httpx.get(f"http://{listen}/metrics").text
    for name in ("catalog", "ingest", "intake", "mining", "metrics", "gateway"):
        assert f"\ncjm_{name}_" in text


def test_a_part_that_dies_stops_all_and_carries_no_password(fresh_product: Product) -> None:
    fresh_product.start()
    assert fresh_product.process
    children = psutil.Process(fresh_product.process.pid).children(recursive=True)
    (ingest,) = (child for child in children if "--target=ingest" in child.cmdline())
    assert "CJM_ADMIN_PASSWORD" not in ingest.environ()
    ingest.kill()
    assert fresh_product.process.wait(20) == 1
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert "The part ingest ended with exit code -9." in (fresh_product.data_dir / "cjm.log").read_text()
