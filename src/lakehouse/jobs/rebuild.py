"""Makes tables anew from what they read. Example: lakehouse-rebuild --tables=silver.products.

`--with_downstream=true`: and all that is made of them. `--since`: of a `Rebuild` table, the
partitions from this one on. `--allow_empty=true`: although no row would be left."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.base.errors import LakehouseError
from lakehouse.flow.rebuild_table import downstream, rebuild_since, rebuild_tables
from lakehouse.jobs.arguments import parse


def main(argv: Sequence[str] | None = None) -> None:
    """The old rows of a table serve until the new ones take their place, in one commit."""
    job = parse(argv, "tables", "with_downstream", "since", "allow_empty")
    tables = job.tables()
    if (since := job.whole("since")) is not None:
        if job.flag("with_downstream"):
            raise LakehouseError(
                "--since is for one table, not for all that is made of it",
                "--with_downstream",
                "the next run brings down what it changes",
            )
        for table in tables:
            rebuild_since(job.lake, table, since)
        return
    if job.flag("with_downstream"):
        tables = downstream(job.project.tables, [table.name for table in tables])
    rebuild_tables(job.lake, tables, allow_empty=job.flag("allow_empty"))
