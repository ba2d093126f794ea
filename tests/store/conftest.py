"""`open_store`: as many stores on one database as a test asks for, on every engine there is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from store.store_ops import MIGRATIONS, OpenStore

from callsheet.store.opening import open_sqlite
from callsheet.store.port import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".callsheet" / "state.db"


@pytest.fixture(params=["sqlite"])
async def open_store(request: pytest.FixtureRequest, path: Path) -> AsyncIterator[OpenStore]:
    """Opens a store with the tests' schema; `busy_seconds` as keyword. All are closed at the end."""
    opened: list[Store] = []

    async def opening(busy_seconds: float = 10.0) -> Store:
        assert request.param == "sqlite"
        store = await open_sqlite(path, now_ms=0, migrations=MIGRATIONS, busy_seconds=busy_seconds)
        opened.append(store)
        return store

    yield opening
    for store in opened:
        await store.close()
