"""The sample data, brought in through the public API like anybody's data."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from cjm_kit.errors import AppError, Code

DATASET_NAME = "Web shop"
GOAL_ACTIVITY = "purchase"
_FIRST_ANALYSES: tuple[dict[str, Any], ...] = (
    {"kind": "inductive_tree", "case": "session", "parameters": {"noise_threshold": 0.2}},
    {"kind": "heuristics_net", "case": "session"},
    {"kind": "directly_follows", "case": "session"},
    {"kind": "directly_follows", "case": "customer"},
)
_POLL_SECONDS = 0.3
_PATIENCE_SECONDS = 300.0


async def load_demo(base_url: str, username: str, password: str, samples_dir: Path, say: Callable[[str], None]) -> None:
    """Import the sample journeys of a web shop and run the first analyses; does nothing where the dataset exists.

    Args:
        base_url: Address of a running gateway, for example "http://127.0.0.1:8080".
        username: Sign-in name of an account.
        password: Its password.
        samples_dir: Folder with `ecom.csv.gz` and `ecom.mapping.json`.
        say: Called with one sentence per step.

    Raises:
        AppError: The gateway refused a step or did not finish it in time; the sentence says which and why.
    """
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as client:
        session = await _call(client, "POST", "/api/v1/session", json={"username": username, "password": password})
        client.headers["X-CSRF-Token"] = session["csrf_token"]
        known = await _call(client, "GET", "/api/v1/datasets", params={"name_contains": DATASET_NAME})
        if any(item["name"] == DATASET_NAME and item["events"] for item in known["items"]):
            say(f'The sample dataset "{DATASET_NAME}" is there already.')
            return
        dataset = next((item for item in known["items"] if item["name"] == DATASET_NAME), None)
        if dataset is None:
            body = {"name": DATASET_NAME, "is_public": True, "goal_activity": GOAL_ACTIVITY}
            dataset = await _call(client, "POST", "/api/v1/datasets", json=body)
        say("Importing the sample journeys of a web shop ...")
        mapping = json.loads((samples_dir / "ecom.mapping.json").read_text())
        with (samples_dir / "ecom.csv.gz").open("rb") as file:
            started = await _call(
                client,
                "POST",
                f"/api/v1/datasets/{dataset['id']}/imports",
                data={"mapping": json.dumps(mapping)},
                files={"file": ("ecom.csv.gz", file, "application/gzip")},
            )
        done = await _finished(client, f"/api/v1/imports/{started['id']}", {"completed"})
        say(f"Imported {done['rows_accepted']:,} events. Running the first analyses ...")
        for analysis in _FIRST_ANALYSES:
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
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            body = await _call(client, "GET", path)
            if body["status"] in good:
                return body
            if body["status"] not in {"queued", "running"}:
                error = body.get("error") or {}
                detail = f"{path} ended {body['status']}: {error.get('detail', 'no reason given')}"
                raise AppError(Code.FAILED_PRECONDITION, "demo_failed", detail)
            await asyncio.sleep(_POLL_SECONDS)
