"""Settings of where records arrive that are no files: topics of Kafka, tables of a database."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Page(BaseModel):
    """Settings that stand below one key: frozen, and no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Page):
    """Where records arrive as messages, and who asks for them."""

    servers: str = ""
    """The brokers, as `host:port` with commas between them."""
    topics: dict[str, str] = {}
    """By the name of a source, the topic on which its records arrive; the others' arrive as
    files."""
    publish: dict[str, str] = {}
    """By the name of a table, the topic to which its changes are sent."""
    start: str = "earliest"
    """Where a topic is read from at first: `earliest`, `latest`, or a time such as
    `2026-11-29T06:00:00Z`."""
    messages_per_batch: int = Field(1_000_000, ge=1)
    """The most messages that one batch takes."""
    security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How the brokers are spoken to."""
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    """How `user` and `password` are told where `security` is one of SASL."""
    user: str = ""
    """Who asks: `{env:NAME}` stands for a variable of the environment, `{secret:SCOPE/KEY}` for a
    secret of Databricks."""
    password: str = ""
    """Its password, named as `{env:NAME}` or `{secret:SCOPE/KEY}`: settings hold none."""
    registry: str = ""
    """The registry of the schemas by which messages are written, as `https://host:8081`. A message
    that names one (of Avro or JSON) is read by it; any other is read as it is."""
    registry_user: str = ""
    """Who asks the registry; `{env:NAME}` and `{secret:SCOPE/KEY}` stand for what they name."""
    registry_password: str = ""
    """Its password, named as `{env:NAME}` or `{secret:SCOPE/KEY}`."""
    ca: str = ""
    """The file (PEM) of the certificates by which the brokers' are signed. Empty: the usual
    ones."""
    options: dict[str, str] = {}
    """Any other setting of Kafka's consumer by its own name, such as `fetch.max.bytes`."""


class DatabaseTable(Page):
    """What of a database are the records of a source, and how new ones are told."""

    table: str = ""
    """The table, as the database writes it: `public.customers`."""
    query: str = ""
    """A SELECT in the place of `table`."""
    by: str = ""
    """The column that grows: a number, a date or a time. What is above the last value is read."""
    overlap: float = Field(0.0, ge=0)
    """How far below the last value rows are read once more, for those that were committed late:
    seconds of a time, days of a date, else a number."""
    keys: list[str] = []
    """In the place of `by`, the columns that tell one row from another: the whole is read, and what
    changed since the last time is a record."""
    gone: str = "_gone"
    """The field that is true in the record of a row that is there no more."""
    may_be_empty: bool = False
    """Whether all rows may be gone at once. Else that is refused: it is more often a mistake."""

    @model_validator(mode="after")
    def _is_one_way(self) -> DatabaseTable:
        if bool(self.table) == bool(self.query):
            raise ValueError("name a table or a query, one of the two")
        if bool(self.by) == bool(self.keys):
            raise ValueError("name a column that grows (by) or the keys of a row, one of the two")
        return self


class DatabaseSettings(Page):
    """A database whose rows are records."""

    url: str = ""
    """Where it is, as JDBC writes it: `jdbc:postgresql://host:5432/shop`."""
    user: str = ""
    """Who asks; `{env:NAME}` and `{secret:SCOPE/KEY}` stand for what they name."""
    password: str = ""
    """Its password, named as `{env:NAME}` or `{secret:SCOPE/KEY}`: settings hold none."""
    every: float = Field(60.0, gt=0)
    """Seconds after which `lakehouse stream` asks again for what is new."""
    tables: dict[str, DatabaseTable] = {}
    """By the name of a source, what of the database its records are: `table` or `query`, and `by`
    or `keys`, with `overlap`, `gone` and `may_be_empty`."""
    options: dict[str, str] = {}
    """Any other option of Spark's reader or the database's driver, such as `fetchsize`."""
