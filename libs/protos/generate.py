"""Generate `cjm_protos` from `protos/`: into a temporary folder first, then swapped in as a whole.

Usage: `python libs/protos/generate.py [--output DIR]`; without an output the committed code is replaced.
"""

import argparse
import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "libs" / "protos" / "src" / "cjm_protos"


def generate(output: Path) -> None:
    """Write the package `cjm_protos` for every contract into `output/cjm_protos`.

    Raises:
        SystemExit: A contract does not compile; protoc has printed why.
    """
    sources = sorted(str(path) for path in (ROOT / "protos").rglob("*.proto"))
    includes = [f"-I{ROOT / 'protos'}", f"-I{files('grpc_tools') / '_proto'}"]
    targets = [f"--{kind}_out={output}" for kind in ("python", "grpc_python", "mypy", "mypy_grpc")]
    scripts = Path(sys.executable).parent
    plugins = [f"--plugin=protoc-gen-{kind}={scripts / f'protoc-gen-{kind}'}" for kind in ("mypy", "mypy_grpc")]
    code = protoc.main(["protoc", *includes, *plugins, *targets, *sources])
    if code:
        sys.exit(code)
    package = output / "cjm_protos"
    package.joinpath("py.typed").touch()
    for folder in [package, *(path for path in package.rglob("*") if path.is_dir())]:
        folder.joinpath("__init__.py").write_text('"""Generated from protos/; do not edit."""\n')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    if arguments.output:
        generate(arguments.output)
        return
    with tempfile.TemporaryDirectory(dir=PACKAGE.parent) as temporary:
        generate(Path(temporary))
        shutil.rmtree(PACKAGE, ignore_errors=True)
        shutil.move(Path(temporary) / "cjm_protos", PACKAGE)


if __name__ == "__main__":
    main()
