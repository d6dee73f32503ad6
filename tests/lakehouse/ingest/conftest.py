"""Tables of a real database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.postgres import Postgres


@pytest.fixture
def table(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty table of sales; its password is in the environment."""
    from tests.postgres import PASSWORD

    monkeypatch.setenv("PG_PASSWORD", PASSWORD)
    name = f"sales_{uuid4().hex[:8]}"
    postgres.call(
        f"CREATE TABLE {name} (id bigint, item text, amount numeric(8,2), sold date, "
        "changed timestamp, paid boolean)"
    )
    yield name
    postgres.call(f"DROP TABLE IF EXISTS {name}")
