"""Asking a database by JDBC: which of its rows are the records of a source."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.base.arrival_settings import DatabaseSettings, DatabaseTable
from lakehouse.base.errors import LakehouseError, unknown
from lakehouse.base.secrets import named, resolved
from lakehouse.base.settings import Settings
from lakehouse.declare.source import Source
from lakehouse.lake.lake import Lake

POSTGRES = "jdbc:postgresql:"
PATIENCE = {"connectTimeout": "5", "loginTimeout": "5"}
"""Seconds, for PostgreSQL: others have words and units of their own."""


def asked_for(settings: Settings, source: Source) -> DatabaseTable | None:
    """What of the database the records of a source are; None where they arrive another way."""
    return settings.database.tables.get(source.name)


def rows_in(lake: Lake, source: Source, wanted: DatabaseTable) -> DataFrame:
    """The rows of a table or query, as they are when they are read.

    Raises LakehouseError where a setting is wrong, or what is asked for has not the columns that it
    is to be told by.
    """
    where = f"database.tables.{source.name}"
    reader = lake.spark.read.format("jdbc").options(**options(lake.settings.database))
    inner = wanted.query.strip().rstrip(";")
    rows = reader.option("dbtable", f"({inner}) AS q" if inner else wanted.table).load()
    for column in (*wanted.keys, *([wanted.by] if wanted.by else [])):
        if column not in rows.columns:
            raise unknown("column", column, rows.columns, where)
    return rows


def options(database: DatabaseSettings) -> dict[str, str]:
    """What Spark's reader is told, secrets included. Raises LakehouseError where a setting is
    wrong."""
    if not database.url.startswith("jdbc:"):
        raise LakehouseError(
            f"{database.url!r} is no database" if database.url else "no database is named",
            "database.url",
            "write it as JDBC does: jdbc:postgresql://host:5432/name",
        )
    if "password=" in database.url.lower():
        raise LakehouseError(
            "holds a secret, which whoever reads the settings would read too",
            "database.url",
            "name it in database.password: {env:NAME}, or {secret:SCOPE/KEY} on Databricks",
        )
    user = resolved(database.user, "database.user")
    password = named(database.password, "database.password")
    return {
        **(PATIENCE if database.url.startswith(POSTGRES) else {}),
        "url": database.url,
        **({"user": user} if user else {}),
        **({"password": password} if password else {}),
        **database.options,
    }
