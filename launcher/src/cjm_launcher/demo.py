"""The sample data, brought in through the public API like anybody's data."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cjm_kit.errors import AppError, Code
from cjm_launcher.settings import Sample


@dataclass(frozen=True, slots=True)
class _Log:
    """What becomes of a sample: `<file>.csv.gz`, read as `<file>.mapping.json` says."""

    file: str
    dataset_name: str
    what: str
    goal_activity: str
    cases: tuple[str, ...]


_LOGS = {
    Sample.SHOP: _Log("ecom", "Web shop", "journeys of a web shop", "purchase", ("session", "customer")),
    Sample.LOANS: _Log(
        "loans", "Loan applications (example)", "made-up loan applications", "Loan paid out", ("customer",)
    ),
}
_POLL_SECONDS = 0.3
_PATIENCE_SECONDS = 300.0


async def load_demo(
    sample: Sample, base_url: str, username: str, password: str, samples_dir: Path, say: Callable[[str], None]
) -> None:
    """Import a sample and run the first analyses; does nothing where the dataset exists.

    Args:
        sample: Which one.
        base_url: Address of a running gateway, for example "http://127.0.0.1:8080".
        username: Sign-in name of an account.
        password: Its password.
        samples_dir: Folder with the files of the sample.
        say: Called with one sentence per step.

    Raises:
        AppError: A file is not there, or the gateway refused a step or did not finish it in time; the sentence says
            which and why.
    """
    log = _LOGS[sample]
    mapping_file, packed = samples_dir / f"{log.file}.mapping.json", samples_dir / f"{log.file}.csv.gz"
    for file_needed in (mapping_file, packed):
        if not file_needed.exists():
            raise AppError(Code.NOT_FOUND, "demo_failed", f"There is no {file_needed}. Choose another folder.")
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as client:
        session = await _call(client, "POST", "/api/v1/session", json={"username": username, "password": password})
        client.headers["X-CSRF-Token"] = session["csrf_token"]
        known = await _call(client, "GET", "/api/v1/datasets", params={"name_contains": log.dataset_name})
        if any(item["name"] == log.dataset_name and item["events"] for item in known["items"]):
            say(f'The sample dataset "{log.dataset_name}" is there already.')
            return
        dataset = next((item for item in known["items"] if item["name"] == log.dataset_name), None)
        if dataset is None:
            body = {"name": log.dataset_name, "is_public": True, "goal_activity": log.goal_activity}
            dataset = await _call(client, "POST", "/api/v1/datasets", json=body)
        say(f"Importing the sample {log.what} ...")
        mapping = json.loads(mapping_file.read_text())
        with packed.open("rb") as file:
            started = await _call(
                client,
                "POST",
                f"/api/v1/datasets/{dataset['id']}/imports",
                data={"mapping": json.dumps(mapping)},
                files={"file": (packed.name, file, "application/gzip")},
            )
        done = await _finished(client, f"/api/v1/imports/{started['id']}", {"completed"})
        say(f"Imported {done['rows_accepted']:,} events. Running the first analyses ...")
        analyses: list[dict[str, Any]] = [
            {"kind": "inductive_tree", "case": log.cases[0], "parameters": {"noise_threshold": 0.2}},
            {"kind": "heuristics_net", "case": log.cases[0]},
            *({"kind": "directly_follows", "case": case} for case in log.cases),
        ]
        for analysis in analyses:
            queued = await _call(client, "POST", "/api/v1/analyses", json={"dataset_id": dataset["id"], **analysis})
            await _finished(client, f"/api/v1/analyses/{queued['id']}", {"succeeded", "partial"})
        say("The sample data is ready.")


async def _call(client: httpx.AsyncClient, method: str, path: str, **arguments: Any) -> dict[str, Any]:
    try:
        answer = await client.request(method, path, **arguments)
        body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, json.JSONDecodeError) as failure:
        detail = f"{method} {path} did not work: {failure or type(failure).__name__}"
        raise AppError(Code.UNAVAILABLE, "demo_failed", detail) from failure
    if answer.is_error:
        detail = f"{method} {path} was refused: {body.get('detail', answer.status_code)}"
        raise AppError(Code.FAILED_PRECONDITION, "demo_failed", detail)
    return body


async def _finished(client: httpx.AsyncClient, path: str, good: set[str]) -> dict[str, Any]:
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while (body := await _call(client, "GET", path))["status"] not in good:
        if body["status"] not in {"queued", "running"}:
            error = body.get("error") or {}
            detail = f"{path} ended {body['status']}: {error.get('detail', 'no reason given')}"
            raise AppError(Code.FAILED_PRECONDITION, "demo_failed", detail)
        if time.monotonic() > give_up_at:
            detail = f"{path} has not ended within {_PATIENCE_SECONDS:.0f} s."
            raise AppError(Code.DEADLINE_EXCEEDED, "demo_failed", detail)
        await asyncio.sleep(_POLL_SECONDS)
    return body
