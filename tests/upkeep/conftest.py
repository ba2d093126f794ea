"""A project on disk for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from upkeep.upkeep_kit import Project, project_in


@pytest.fixture
async def project(tmp_path: Path) -> AsyncIterator[Project]:
    async with project_in(tmp_path) as found:
        yield found
