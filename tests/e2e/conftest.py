"""Installations of the whole product for the tests of this folder, and browsers to look at them."""

import csv
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from cjm_launcher.instance import free_port
from cjm_testkit.product import Product, created

from .screens import CHROMIUM, DESKTOP, FLAGS, sign_in


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One installation with the sample data, shared by all tests of the session."""
    product = Product(tmp_path_factory.mktemp("product"), free_port(), demo=True)
    product.environment["CJM_GATEWAY_IMPORT_FROM_PRIVATE_ADDRESSES"] = "true"  # files of tests lie on this machine
    product.start()
    yield product
    product.stop()


@pytest.fixture(scope="module")
def showroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """An installation with the sample data that no test changes: its pages always look the same."""
    product = Product(tmp_path_factory.mktemp("showroom"), free_port(), demo=True)
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
    elif product.process and product.process.stdout:
        product.process.stdout.close()


@pytest.fixture(scope="session")
def admin(product: Product) -> Iterator[httpx.Client]:
    with product.client() as client:
        yield client


@pytest.fixture(scope="session")
def rows() -> list[dict[str, str]]:
    """Rows of the sample file, to count in the plainest way."""
    with gzip.open(Path(__file__).resolve().parents[2] / "samples" / "ecom.csv.gz", "rt") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def shop(admin: httpx.Client) -> dict[str, Any]:
    """The dataset with the sample data."""
    items = created(admin.get("/api/v1/datasets", params={"name_contains": "Web shop"}), 200)["items"]
    dataset: dict[str, Any] = items[0]
    return dataset


@pytest.fixture(scope="session")
def new_name() -> Callable[[str], str]:
    """Names that no other test uses."""
    numbers = iter(range(1, 1_000_000))
    return lambda stem: f"{stem} {next(numbers)}"


@pytest.fixture
def dataset(admin: httpx.Client, new_name: Callable[[str], str]) -> dict[str, Any]:
    """An empty private dataset of the administrator."""
    return created(admin.post("/api/v1/datasets", json={"name": new_name("dataset")}))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


def signed_in(browser: Browser, product: Product) -> dict[str, Any]:
    """Cookies of a signed-in administrator."""
    context = browser.new_context(base_url=product.base_url)
    sign_in(context.new_page())
    state: dict[str, Any] = dict(context.storage_state())
    context.close()
    return state


@pytest.fixture(scope="session")
def session_state(browser: Browser, product: Product) -> dict[str, Any]:
    return signed_in(browser, product)


@pytest.fixture
def open_context(
    browser: Browser, product: Product, session_state: dict[str, Any]
) -> Iterator[Callable[..., BrowserContext]]:
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        arguments = {"viewport": DESKTOP, "storage_state": session_state, "reduced_motion": "reduce", **options}
        contexts.append(browser.new_context(base_url=product.base_url, **arguments))
        return contexts[-1]

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context().new_page()
