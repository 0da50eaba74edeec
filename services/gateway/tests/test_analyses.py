"""Analyses as the API shows them."""

from cjm_gateway.entrypoints.http.analyses import analysis_shape
from cjm_protos.mining.v1 import analysis_pb2


def test_parameters_of_an_analysis_keep_one_order() -> None:
    analysis = analysis_pb2.Analysis(kind=analysis_pb2.ANALYSIS_KIND_ALPHA, status=analysis_pb2.ANALYSIS_STATUS_QUEUED)
    analysis.created_at.FromSeconds(1)
    names = [f"{letter}_threshold" for letter in "kdhbajgcife"]
    analysis.parameters.update(dict.fromkeys(names, 0.5))
    assert list(analysis_shape(analysis).parameters) == sorted(names)
