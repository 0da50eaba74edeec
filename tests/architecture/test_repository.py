"""Promises about the repository itself: locks without addresses, pins that fit, links that lead somewhere."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "services" / "gateway" / "web"


def _tracked_files() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def _manifests() -> list[Path]:
    members = [path for folder in ("libs", "services") for path in ROOT.glob(f"{folder}/*/pyproject.toml")]
    return [ROOT / "pyproject.toml", ROOT / "launcher" / "pyproject.toml", *members]


def _pins() -> dict[str, str]:
    pins = {}
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if "==" not in line:
            continue
        requirement = Requirement(line.rstrip(" \\"))
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            pins[_normal(requirement.name)] = next(iter(requirement.specifier)).version
    return pins


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_locks_hold_no_address() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()
    lock = json.loads((WEB / "package-lock.json").read_text())
    addresses = [
        name for name, package in lock["packages"].items() if "resolved" in package and "://" in package["resolved"]
    ]
    assert not addresses


@pytest.mark.parametrize("manifest", _manifests(), ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_pins_satisfy_what_a_member_declares(manifest: Path) -> None:
    pins = _pins()
    project = tomllib.loads(manifest.read_text())
    declared = list(project["project"].get("dependencies", []))
    for group in project.get("dependency-groups", {}).values():
        declared += group
    for requirement in map(Requirement, declared):
        name = _normal(requirement.name)
        if name.startswith("cjm-"):
            continue
        assert name in pins, f"{name} is not in requirements.lock; run `make lock`"
        assert requirement.specifier.contains(pins[name], prereleases=True), f"{name} {pins[name]} does not satisfy it"


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for document in (path for path in _tracked_files() if path.suffix == ".md"):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text()):
            if "://" not in target and not (document.parent / target).exists():
                broken.append(f"{document.relative_to(ROOT)}: {target}")
    assert not broken


def test_make_targets_named_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    unknown = []
    for document in (path for path in _tracked_files() if path.suffix == ".md"):
        for target in re.findall(r"`make ([a-z-]+)", document.read_text()):
            if target not in targets:
                unknown.append(f"{document.relative_to(ROOT)}: make {target}")
    assert not unknown


def test_no_large_file_is_tracked() -> None:
    large = [str(path) for path in _tracked_files() if path.stat().st_size > 1_500_000]
    assert not large


def test_kit_stays_small() -> None:
    lines = sum(len(path.read_text().splitlines()) for path in (ROOT / "libs" / "kit" / "src").rglob("*.py"))
    assert lines <= 1500
