"""Installations of the whole product for the tests of this folder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cjm_launcher.instance import free_port
from cjm_testkit.product import Product, created


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One installation with the sample data, shared by all tests of the session."""
    product = Product(tmp_path_factory.mktemp("product"), free_port(), demo=True)
    product.start()
    yield product
    product.stop()


@pytest.fixture
def fresh_product(tmp_path: Path) -> Iterator[Product]:
    """An installation of its own that a test starts, kills and stops as it likes."""
    product = Product(tmp_path / "var", free_port(), demo=False)
    yield product
    if product.process and product.process.poll() is None:
        product.stop()


@pytest.fixture(scope="session")
def admin(product: Product) -> Iterator[httpx.Client]:
    with product.client() as client:
        yield client


@pytest.fixture(scope="session")
def new_name() -> Callable[[str], str]:
    """Names that no other test uses."""
    numbers = iter(range(1, 1_000_000))
    return lambda stem: f"{stem} {next(numbers)}"


@pytest.fixture
def dataset(admin: httpx.Client, new_name: Callable[[str], str]) -> dict[str, Any]:
    """An empty private dataset of the administrator."""
    return created(admin.post("/api/v1/datasets", json={"name": new_name("dataset")}))
