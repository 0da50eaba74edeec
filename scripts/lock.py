"""Renew `requirements.lock` from the members' declarations; pins of the old lock are kept unless `--upgrade` is given.

Works on a copy of the manifests, because the pins go in as constraints that do not belong into the repository.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
_EXPORT = ["--frozen", "--all-packages", "--all-groups", "--no-emit-workspace", "--no-annotate", "--no-header"]


def pins(lock_text: str) -> list[str]:
    """Pins of a lock with their markers, for example "numpy==2.4.6 ; python_full_version < '3.12'", without hashes."""
    return re.findall(r"^([A-Za-z0-9._-]+==[^\\\n]+?) *\\?$", lock_text, flags=re.MULTILINE)


def main() -> None:
    uv, *options = sys.argv[1:]
    manifests = [ROOT / "pyproject.toml", *ROOT.glob("libs/*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml")]
    manifests.append(ROOT / "launcher" / "pyproject.toml")
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary)
        for manifest in manifests:
            target = copy / manifest.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(manifest, target)
        if "--upgrade" not in options and LOCK.exists():
            root = copy / "pyproject.toml"
            constraints = f"constraint-dependencies = {json.dumps(pins(LOCK.read_text()))}\n"
            root.write_text(root.read_text().replace("[tool.uv]\n", f"[tool.uv]\n{constraints}", 1))
        subprocess.run([uv, "lock", "--quiet"], cwd=copy, check=True)
        subprocess.run([uv, "export", "--quiet", *_EXPORT, "--output-file", str(LOCK)], cwd=copy, check=True)


if __name__ == "__main__":
    main()
