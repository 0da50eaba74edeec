"""The `cjm` command: run everything or one service, load the sample data, check the machine, migrate."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from pydantic import ValidationError

from cjm_kit import runtime
from cjm_kit.errors import AppError
from cjm_kit.logging import configure_logging
from cjm_launcher import instance, services
from cjm_launcher.metrics_listener import metrics_listener
from cjm_launcher.settings import SAMPLES_DIR, LauncherSettings, Sample

# Commands import what only they need: a service in a process of its own shall not carry the others.
app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)

Target = StrEnum("Target", ["all", *services.SERVICE_NAMES])  # type: ignore[misc]


def _say(line: str) -> None:
    print(line, flush=True)


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    """Say what hinders a command in one line, without where in the code that was."""
    try:
        yield
    except AppError as failure:
        sentence = failure.detail
    except ValidationError as failure:
        sentence = _explain(failure)
    else:
        return
    print(f"cjm: {sentence}", file=sys.stderr, flush=True)
    raise typer.Exit(1)


_RULES = {
    "missing": "is missing",
    "int_parsing": "must be a whole number, written in digits",
    "float_parsing": "must be a number, written in digits",
    "bool_parsing": "must be true or false",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "too_short": "must have at least {min_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_pattern_mismatch": "must be an address and a port, as 127.0.0.1:9100",
}


def _explain(failure: ValidationError) -> str:
    service = failure.title.removesuffix("Settings").upper()
    prefix = "CJM_" if failure.title == LauncherSettings.__name__ else f"CJM_{service}_"
    return "; ".join(_fault(error, prefix) for error in failure.errors()) + "."


def _fault(error: Any, prefix: str) -> str:
    rule = _RULES.get(error["type"])
    facts = {name: str(fact).replace("'", "") for name, fact in error.get("ctx", {}).items()}
    # The rest are sentences of our own validators.
    said = rule.format(**facts) if rule else f"is not valid: {error['msg'].removeprefix('Value error, ').rstrip('.')}"
    return f"{prefix}{str(error['loc'][0]).upper()} {said}" if error["loc"] else f"A setting {said}"


@app.command()
def run(
    target: Annotated[Target, typer.Option(help="One service, or all of them.")] = Target("all"),  # noqa: B008
) -> None:
    """Run the product until Ctrl-C."""
    with _one_line():
        code = _run_all() if target.value == "all" else _run_one(target.value)
    raise typer.Exit(code)


def _run_all() -> int:
    from cjm_launcher.single import LOG_NAME, run_all

    settings = LauncherSettings()
    instance.prepare_data_dir(settings.data_dir)
    lock = instance.lock_data_dir(settings.data_dir)
    try:
        instance.require_free_port(settings.host, settings.port)
        if not settings.log_file:
            configure_logging(settings.log_level)
            return uvloop.run(run_all(settings, _say))
        with (settings.data_dir / LOG_NAME).open("a", buffering=1) as log:
            configure_logging(settings.log_level, log)
            _say(f"Log: {settings.data_dir / LOG_NAME}")
            code = uvloop.run(run_all(settings, _say))
            if code:
                _say(f"Stopped because a part failed. The log says why: {settings.data_dir / LOG_NAME}")
            return code
    finally:
        os.close(lock)


def _run_one(name: str) -> int:
    settings = services.read_settings(name)
    configure_logging(settings.log_level)
    instance.prepare_data_dir(settings.data_dir)

    async def main() -> int:
        if name == "catalog":
            from cjm_catalog.bootstrap import create_first_admin
            from cjm_catalog.settings import CatalogSettings

            assert isinstance(settings, CatalogSettings)
            given = LauncherSettings().admin_password
            generated = await create_first_admin(settings, given)
            if generated is not None and given is None:
                _say(f'Sign in as "admin" with the password  {generated}  (shown only this once).')
        parts = [await services.build(name, settings)]
        if settings.metrics_listen:
            parts.append(metrics_listener(parts[:], settings.metrics_listen))
        return await runtime.run(parts, stop_seconds=settings.shutdown_seconds + 5)

    return uvloop.run(main())


@app.command()
def demo(
    sample: Annotated[
        Sample, typer.Argument(help="A web shop, or loan applications of a bank that is made up.")
    ] = Sample.SHOP,
    url: Annotated[str, typer.Option(help="Address of a running installation.")] = "http://127.0.0.1:8080",
    username: Annotated[str, typer.Option(help="Sign-in name.")] = "admin",
    password: Annotated[
        str, typer.Option(help="Password.", envvar="CJM_ADMIN_PASSWORD", prompt=True, hide_input=True)
    ] = "",
    samples_dir: Annotated[Path, typer.Option(help="Folder with the sample data.")] = SAMPLES_DIR,
) -> None:
    """Load sample data into a running installation through its public API."""
    from cjm_launcher.demo import load_demo

    with _one_line():
        asyncio.run(load_demo(sample, url, username, password, samples_dir, _say))


@app.command()
def doctor() -> None:
    """Check whether this machine can run the product and say what is missing."""
    from cjm_launcher import doctor as checks

    with _one_line():
        results = checks.check_machine(LauncherSettings())
    for result in results:
        _say(f"{'ok     ' if result.is_good else 'PROBLEM'} {result.name}: {result.detail}")
    if not all(result.is_good for result in results):
        raise typer.Exit(1)


@app.command()
def migrate(
    target: Annotated[Target, typer.Option(help="One service, or all that keep something.")] = Target("all"),  # noqa: B008
) -> None:
    """Bring the databases to the newest schema without starting anything else."""
    from cjm_launcher.migrations import migrate as migrate_service

    configure_logging("warning")
    names = services.SERVICE_NAMES if target.value == "all" else (target.value,)
    with _one_line():
        settings = LauncherSettings()
        instance.prepare_data_dir(settings.data_dir)
        lock = instance.lock_data_dir(settings.data_dir)
        for name in names:
            if asyncio.run(migrate_service(name, settings)):
                _say(f"{name}: schema is up to date")
        os.close(lock)


if __name__ == "__main__":
    app()
