"""The tables the lake keeps about itself."""

from __future__ import annotations

from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append

BATCHES = Table(
    name="ops.batches",
    schema="table STRING, query STRING, batch BIGINT, version BIGINT, landed BIGINT, kept BIGINT, "
    "quarantined BIGINT, duplicate BIGINT, dropped BIGINT, passed_over BIGINT, "
    "added BIGINT, late BIGINT, held BIGINT, combined BIGINT, rules MAP<STRING, BIGINT>, "
    "finished_at TIMESTAMP, seconds DOUBLE, release BIGINT, "
    "files_read BIGINT, files_skipped BIGINT",
)
"""One row a committed batch: landed + added = kept + quarantined + duplicate + dropped +
passed_over + late + held + combined.

A count that is NULL is of a batch from before there was such a count: 0. A row with a `release`
moves rows of its batch from quarantined to where they went: see `flow.release`.

`files_read` and `files_skipped` say of how many files a merge or a rebuild had to look at how many,
NULL where nobody counted."""

QUARANTINE = Table(
    name="ops.quarantine",
    schema="table STRING, query STRING, batch BIGINT, rules ARRAY<STRING>, row STRING, "
    "record STRING, quarantined_at TIMESTAMP, arrived_at TIMESTAMP, release BIGINT",
    write=Append(partition="table"),
)
"""Broken rows: the names of the broken rules, the row as transformed (JSON), the raw record.

`release` is the number under which a row was let out since, NULL while it waits."""

DEFINITIONS = Table(
    name="ops.definitions",
    schema="table STRING, build BIGINT, event STRING, definition STRING, "
    "parts MAP<STRING, STRING>, rule_names MAP<STRING, STRING>, reads MAP<STRING, BIGINT>, "
    "version BIGINT, made_with MAP<STRING, STRING>, format BIGINT, at TIMESTAMP",
)
"""What each build of a table was made by: see `lake.builds`."""

DELIVERIES = Table(
    name="ops.deliveries",
    schema="table STRING, query STRING, file STRING, changed BIGINT, decided STRING, "
    "records BIGINT, gone BIGINT, batch BIGINT, at TIMESTAMP",
)
"""What was decided about files that were delivered again, once there is one: see
`flow.redelivery`."""

STREAM_PROGRESS = Table(
    name="ops.stream_progress",
    schema="run STRING, at TIMESTAMP, table STRING, state STRING, batches BIGINT, landed BIGINT, "
    "kept BIGINT, rows_per_second DOUBLE, behind_seconds DOUBLE, waiting BIGINT, held BIGINT",
)
"""How fast each table that `lakehouse stream` keeps up to date changes, once a minute: see
`flow.rates`."""

PULLS = Table(
    name="ops.pulls",
    schema="source STRING, number BIGINT, state STRING, by STRING, low STRING, high STRING, "
    "rows BIGINT, at TIMESTAMP",
)
"""What was read of a database, once any was: a row when a pull is `begun`, one when its file has
`landed`. See `ingest.pulls`."""

SCHEMA_CHANGES = Table(
    name="ops.schema_changes",
    schema="table STRING, field STRING, what STRING, seen_in STRING, at TIMESTAMP",
)
"""What upstream came to send otherwise, once it did: a row for each `field` that no source
declares, and, with an empty one, for each other way in which files differ. See
`ingest.new_fields`."""

TABLES = (BATCHES, QUARANTINE, DEFINITIONS)
"""Those that every lake has."""

ALL = (*TABLES, DELIVERIES, STREAM_PROGRESS, PULLS, SCHEMA_CHANGES)
"""And those that are made once there is something to keep in them."""
