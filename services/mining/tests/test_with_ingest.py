"""From events sent in, through the real event store, to models: the same as pm4py's from the raw log."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pandas as pd
import pm4py
import pytest
import pytest_asyncio

from cjm_ingest.intake_main import build as build_intake
from cjm_ingest.main import build as build_ingest
from cjm_ingest.settings import IngestSettings, IntakeSettings
from cjm_kit.identity import Identity, IdentitySigner
from cjm_kit.rpc import RpcClient
from cjm_kit.settings import ServiceSettings
from cjm_launcher.instance import free_port
from cjm_mining.adapters import pm4py_discovery as discovery
from cjm_mining.adapters.results import model_result
from cjm_mining.domain.analysis import Kind
from cjm_protos.ingest.v1 import intake_pb2, intake_pb2_grpc

pytestmark = pytest.mark.filterwarnings("ignore:::pm4py")
LOGS = (
    "running-example.xes",
    "roadtraffic100traces.xes",
    "helpdesk.xes.gz",
    "receipt.csv",
    "sepsis.xes.gz",
    "bpic2013_closed.xes.gz",
)
_EVENTS_PER_BODY = 2000


@pytest_asyncio.fixture
async def intake(
    settings: ServiceSettings,
    neighbours: tuple[str, str],
    signer: IdentitySigner,
    tmp_path: Path,
    free_port_number: int,
) -> AsyncIterator[RpcClient]:
    """The way in of the real ingest service, which runs behind it."""
    common = settings.model_dump(exclude={"rpc_listen", "data_dir", "catalog_target", "identity_secret"}) | {
        "identity_secret": settings.identity_secret,
        "data_dir": tmp_path / "ingest",
        "catalog_target": neighbours[0],
    }
    intake_target = f"127.0.0.1:{free_port()}"
    components = [
        await build_ingest(IngestSettings(**common, rpc_listen=f"127.0.0.1:{free_port_number}")),
        await build_intake(IntakeSettings(**common, rpc_listen=intake_target)),
    ]
    for component in components:
        await component.start()
    client = RpcClient(intake_target, signer, "gateway")
    yield client
    await client.close()
    for component in reversed(components):
        await component.stop()


async def send(intake: RpcClient, signer: IdentitySigner, dataset_id: str, frame: Any) -> None:
    """Send a log in file order."""
    sender = Identity(
        "token:t", frozenset({"system"}), scopes=frozenset({"events:write"}), datasets=frozenset({dataset_id})
    )
    events = [
        {"customer_id": case, "action_type": activity, "time": time.isoformat()}
        for case, activity, time in zip(
            frame["case:concept:name"], frame["concept:name"], frame["time:timestamp"], strict=True
        )
    ]
    stub: Any = intake.stub(intake_pb2_grpc.IntakeServiceStub)
    for first in range(0, len(events), _EVENTS_PER_BODY):
        body = intake_pb2.EventBody(
            identity=signer.sign(sender),
            dataset_id=dataset_id,
            body=json.dumps(events[first : first + _EVENTS_PER_BODY]).encode(),
        )
        answer = await stub.AppendEvents(intake_pb2.AppendEventsRequest(bodies=[body]))
        assert answer.results[0].accepted_count == len(events[first : first + _EVENTS_PER_BODY]), answer


def model_of(kind: Kind, frame: Any) -> Any:
    """What pm4py makes of the raw log, as a result."""
    if kind is Kind.INDUCTIVE_TREE:
        return str(pm4py.discover_process_tree_inductive(frame))
    if kind is Kind.HEURISTICS_NET:
        net = pm4py.discover_heuristics_net(frame)
        return {
            (node.node_name, other.node_name): net.dependency_matrix[node.node_name][other.node_name]
            for node in net.nodes.values()
            for other in node.output_connections
        }
    nets = {
        Kind.ALPHA: pm4py.discover_petri_net_alpha,
        Kind.INDUCTIVE_PETRI: pm4py.discover_petri_net_inductive,
        Kind.HEURISTICS_PETRI: pm4py.discover_petri_net_heuristics,
        Kind.DFG_PETRI: lambda log: pm4py.convert_to_petri_net(*pm4py.discover_dfg(log)),
    }
    return model_result(discovery._petri(*nets[kind](frame))).petri_net


def comparable(kind: Kind, result: Any) -> Any:
    if kind is Kind.INDUCTIVE_TREE:
        return result.process_tree.text
    if kind is Kind.HEURISTICS_NET:
        return {(edge.source, edge.target): edge.dependency_ratio for edge in result.heuristics_net.edges}
    return result.petri_net


@pytest.mark.slow
async def test_models_of_stored_events_are_pm4pys(
    shared_data: Path, start_mining: Any, intake: RpcClient, free_port_number: int, signer: IdentitySigner
) -> None:
    async with start_mining(ingest_target=f"127.0.0.1:{free_port_number}") as mining:
        user = mining.caller()
        for log in LOGS:
            path = shared_data / "eventlogs" / log
            frame = (
                pm4py.format_dataframe(pd.read_csv(path))
                if path.suffix == ".csv"
                else pm4py.convert_to_dataframe(pm4py.read_xes(str(path), show_progress_bar=False))
            )
            dataset_id = mining.world.add({}, user.user_id)
            await send(intake, signer, dataset_id, frame)
            events_count, cases_count = len(frame), frame["case:concept:name"].nunique()
            while (stored := await user.run(dataset_id, Kind.DIRECTLY_FOLLOWS)).events_count < events_count:
                assert stored.error_reason in ("", "no_touchpoints")
            graph = (await user.result(stored.analysis_id)).directly_follows
            follows, starts, ends = pm4py.discover_dfg(frame)
            assert {(edge.source, edge.target): edge.moves_count for edge in graph.edges} == follows
            assert {node.activity: node.starts_count for node in graph.nodes if node.starts_count} == starts
            assert {node.activity: node.ends_count for node in graph.nodes if node.ends_count} == ends
            for kind in Kind:
                if kind is Kind.DIRECTLY_FOLLOWS:
                    continue
                analysis = await user.run(dataset_id, kind)
                assert (analysis.events_count, analysis.cases_count) == (events_count, cases_count), (log, kind)
                result = await user.result(analysis.analysis_id)
                assert comparable(kind, result) == model_of(kind, frame), (log, kind)
                assert analysis.versions["dataset"]
