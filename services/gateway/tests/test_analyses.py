"""Analyses as the API shows them."""

import httpx
import pytest

from cjm_gateway.entrypoints.http.analyses import analysis_shape
from cjm_protos.mining.v1 import analysis_pb2


def test_parameters_of_an_analysis_keep_one_order() -> None:
    analysis = analysis_pb2.Analysis(kind=analysis_pb2.ANALYSIS_KIND_ALPHA, status=analysis_pb2.ANALYSIS_STATUS_QUEUED)
    analysis.created_at.FromSeconds(1)
    names = [f"{letter}_threshold" for letter in "kdhbajgcife"]
    analysis.parameters.update(dict.fromkeys(names, 0.5))
    assert list(analysis_shape(analysis).parameters) == sorted(names)


@pytest.mark.parametrize("value", ["9" * 400, '"\\ud800"'])
async def test_a_parameter_that_cannot_be_handed_on_is_refused(
    admin: httpx.AsyncClient, dataset_id: str, value: str
) -> None:
    body = f'{{"dataset_id": "{dataset_id}", "kind": "inductive_tree", "parameters": {{"noise_threshold": {value}}}}}'
    answer = await admin.post("/api/v1/analyses", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "parameters_invalid"), answer.text
