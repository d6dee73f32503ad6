"""What happens to a database while a lake reads it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.case import Case, until
from tests.faults.ways import DatabaseWay

if TYPE_CHECKING:
    from tests.faults.rounds import Bench

KIND = "database"

SLOW = """
CREATE TABLE pace{0} AS SELECT 0.0 AS seconds;
CREATE FUNCTION paced{0}(bigint) RETURNS bigint VOLATILE LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep((SELECT seconds FROM pace{0})); RETURN $1; END';
CREATE VIEW slow{0} AS SELECT paced{0}(number) AS number, id, item, week, amount, changed, tags
    FROM sales{0};
"""
"""The sales as rows that take their time."""

KILL = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE query LIKE '%"tags"%slow{0}%' AND pid <> pg_backend_pid()
AND state = 'active' AND clock_timestamp() - query_start > interval '0.5 s'
"""
"""Ends the server's process that has been giving out rows for half a second."""


class SlowWay(DatabaseWay):
    """Sales are rows that the database can be slow to give."""

    def more(self) -> dict[str, Any]:
        more = super().more()
        more["database"]["tables"]["sales"]["table"] = f"slow{self.suffix}"
        return more

    def make(self) -> None:
        super().make()
        self.call(SLOW)

    def call(self, sql: str) -> str:
        """Runs a statement about the tables of this way."""
        assert self.server
        return self.server.call(sql.format(self.suffix))


def database_gone(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """The server ends the connection while it gives out the rows of a pull."""
    way = SlowWay(home, home / "landing", server=bench.postgres, suffix="_gone")
    way.make()
    case = Case(bench, way, KIND)
    case.land()
    way.call("UPDATE pace{0} SET seconds = 0.05")
    with ThreadPoolExecutor(1) as pool:
        sentence = pool.submit(case.refused)
        assert until(lambda: way.call(KILL) == "1" or sentence.done()), "it reads nothing"
        said = sentence.result()
    way.call("UPDATE pace{0} SET seconds = 0")
    case.take()
    return said, case.came_out()
