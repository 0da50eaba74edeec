"""The gRPC contracts: generated code is fresh, every part is explained, every RPC says who may call it."""

import filecmp
import subprocess
import sys
from pathlib import Path

import grpc_tools
import pytest
from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parents[2]
PROTOS = ROOT / "protos"


def test_generated_code_is_fresh(tmp_path: Path) -> None:
    generator = ROOT / "libs" / "protos" / "generate.py"
    subprocess.run([sys.executable, str(generator), "--output", str(tmp_path)], check=True, capture_output=True)
    fresh = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    committed_root = ROOT / "libs" / "protos" / "src"
    committed = sorted(
        path.relative_to(committed_root)
        for path in committed_root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    assert fresh == committed, "files differ; run `make protos`"
    _, mismatch, errors = filecmp.cmpfiles(tmp_path, committed_root, [str(path) for path in fresh], shallow=False)
    assert not mismatch + errors, "generated code is stale; run `make protos`"


@pytest.fixture(scope="module")
def descriptors(tmp_path_factory: pytest.TempPathFactory) -> descriptor_pb2.FileDescriptorSet:
    output = tmp_path_factory.mktemp("protos") / "set.bin"
    include = Path(grpc_tools.__file__).parent / "_proto"
    sources = sorted(str(path) for path in PROTOS.rglob("*.proto"))
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}", f"-I{include}"]
    options = ["--include_source_info", f"--descriptor_set_out={output}"]
    subprocess.run([*command, *options, *sources], check=True)
    return descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes())


def test_every_part_has_a_comment(descriptors: descriptor_pb2.FileDescriptorSet) -> None:
    silent = []
    for file in descriptors.file:
        commented = {
            tuple(location.path) for location in file.source_code_info.location if location.leading_comments.strip()
        }
        silent += [f"{file.name}: {name}" for name, path in _parts(file) if path not in commented]
    assert not silent


def test_every_rpc_says_who_may_call_it(descriptors: descriptor_pb2.FileDescriptorSet) -> None:
    silent = []
    for file in descriptors.file:
        comments = {tuple(location.path): location.leading_comments for location in file.source_code_info.location}
        for number, service in enumerate(file.service):
            for place, method in enumerate(service.method):
                if "Caller: " not in comments.get((6, number, 2, place), ""):
                    silent.append(f"{service.name}.{method.name}")
    assert not silent


def _parts(file: descriptor_pb2.FileDescriptorProto) -> list[tuple[str, tuple[int, ...]]]:
    parts: list[tuple[str, tuple[int, ...]]] = []
    for number, message in enumerate(file.message_type):
        parts.append((message.name, (4, number)))
        parts += [(f"{message.name}.{field.name}", (4, number, 2, at)) for at, field in enumerate(message.field)]
    for number, enum in enumerate(file.enum_type):
        parts.append((enum.name, (5, number)))
        parts += [(f"{enum.name}.{value.name}", (5, number, 2, at)) for at, value in enumerate(enum.value)]
    for number, service in enumerate(file.service):
        parts.append((service.name, (6, number)))
        parts += [(f"{service.name}.{method.name}", (6, number, 2, at)) for at, method in enumerate(service.method)]
    return parts
