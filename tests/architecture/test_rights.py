"""Every RPC of every service declares who may call it; one that does not would be refused to everybody."""

import importlib
import inspect
import pkgutil

import pytest

SERVICES = ("catalog", "ingest", "mining", "metrics", "bot")
ROLES = {"staff", "admin", "service", "system", "anyone"}


def _servicers(name: str) -> list[type]:
    package = importlib.import_module(f"cjm_{name}.entrypoints")
    found: list[type] = []
    modules = [package.__name__]
    if hasattr(package, "__path__"):
        modules += [f"{package.__name__}.{item.name}" for item in pkgutil.iter_modules(package.__path__)]
    for module_name in modules:
        module = importlib.import_module(module_name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            bases = [base for base in kind.__mro__ if base.__module__.endswith("_pb2_grpc")]
            if bases and kind.__module__ == module_name:
                found.append(kind)
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_every_method_declares_its_callers(name: str) -> None:
    servicers = _servicers(name)
    assert servicers, f"no servicers found in cjm_{name}.entrypoints"
    for servicer in servicers:
        contract = next(base for base in servicer.__mro__ if base.__module__.endswith("_pb2_grpc"))
        for method in (method for method in vars(contract) if not method.startswith("_")):
            roles = getattr(getattr(servicer, method), "allowed_roles", None)
            assert roles, f"{servicer.__name__}.{method} does not say who may call it"
            assert roles <= ROLES, f"{servicer.__name__}.{method} names an unknown role"
