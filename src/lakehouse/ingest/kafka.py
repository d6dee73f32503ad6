"""Messages of a Kafka topic as a stream: every record, with where and when it came from.

Spark keeps the offsets of each batch in its checkpoint before it reads them, so a batch that is run
again has the same messages.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.base.arrival_settings import KafkaSettings
from lakehouse.base.errors import LakehouseError
from lakehouse.base.secrets import named, resolved
from lakehouse.base.settings import Settings
from lakehouse.declare.source import SENT, Source
from lakehouse.ingest.cells import cells
from lakehouse.ingest.decode import VALUE, message_reader, records
from lakehouse.ingest.registry import registered_reader
from lakehouse.lake.lake import Lake
from lakehouse.spark.engine import kafka_package

PATIENCE = {
    "fetchOffset.numRetries": "1",
    "kafka.request.timeout.ms": "4000",
    "kafka.default.api.timeout.ms": "5000",
}
"""How long the brokers are asked before a failure is told: under 10 seconds."""

COMMITTED = {"kafka.isolation.level": "read_committed"}
"""What a producer took back again is no record."""


def topic_of(settings: Settings, source: Source) -> str:
    """The topic on which the records of a source arrive; empty where they arrive as files."""
    return settings.kafka.topics.get(source.name, "")


def messages(lake: Lake, source: Source) -> DataFrame:
    """The messages that arrive for a source, as a stream of bronze rows and UNREAD.

    Raises LakehouseError where no broker is named, or a message cannot be a record of the source.
    """
    topic = topic_of(lake.settings, source)
    if not source.is_text:
        raise LakehouseError(
            f"a message of the topic {topic!r} holds one record, and a file of Parquet many",
            f"source {source.name!r}",
            "declare it as json, or let it arrive as files",
        )
    options = consumer_options(lake.settings.kafka)
    reader = lake.spark.readStream.format("kafka").options(**options)
    most = lake.settings.kafka.messages_per_batch
    reader = reader.option("subscribe", topic).option("maxOffsetsPerTrigger", str(most))
    return rows_of_messages(reader.load(), source, lake.settings.kafka)


def rows_of_messages(
    read: DataFrame, source: Source, kafka: KafkaSettings | None = None
) -> DataFrame:
    """What Spark's reader of Kafka gives, as bronze rows and UNREAD. A message is one record: one
    of CSV has the fields in order, and no header."""
    # The bytes as they are: what is no text is told by `records`.
    raw = read.select(F.col("value").cast("string").alias(VALUE), *provenance())
    registered = None
    if kafka and kafka.registry:
        registered = registered_reader(kafka, message_reader(source))
    lines = records(raw, source, one_each=True, read=registered)
    if source.format != "csv":
        return lines
    return cells(lines, replace(source, csv=replace(source.csv, header=False)))


def provenance() -> tuple[Column, ...]:
    """Where a message came from, and when."""
    place = F.struct("topic", "partition", "offset", "key", "headers")
    return (
        F.lit(None).cast("string").alias("source_file"),
        place.alias(SENT),
        F.col("timestamp").alias("arrived_at"),
        F.current_timestamp().alias("ingested_at"),
    )


def consumer_options(kafka: KafkaSettings) -> dict[str, str]:
    """What Spark's reader is told, secrets included. Raises LakehouseError where a setting is
    wrong."""
    own = {"bootstrap.servers": servers(kafka), **_security(kafka), **kafka.options}
    return {
        "includeHeaders": "true",
        "failOnDataLoss": "true",
        **PATIENCE,
        **COMMITTED,
        **_start(kafka.start),
        **{f"kafka.{name}": value for name, value in own.items()},
    }


def servers(kafka: KafkaSettings) -> str:
    """The brokers. Raises LakehouseError where none is named."""
    if not kafka.servers:
        raise LakehouseError("no broker is named", "kafka.servers", "write host:port")
    return kafka.servers


def _security(kafka: KafkaSettings) -> dict[str, str]:
    """How Java's client is told who asks."""
    conf: dict[str, str] = {"security.protocol": kafka.security}
    if kafka.ca:
        conf |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": kafka.ca}
    if kafka.security.startswith("SASL"):
        user, password = credentials(kafka)
        module = "plain.Plain" if kafka.mechanism == "PLAIN" else "scram.Scram"
        login = f"{kafka_package()}.common.security.{module}LoginModule"
        conf["sasl.mechanism"] = kafka.mechanism
        told = f"username={_quoted(user)} password={_quoted(password)}"
        conf["sasl.jaas.config"] = f"{login} required {told};"
    return conf


def credentials(kafka: KafkaSettings) -> tuple[str, str]:
    """User and password. Raises LakehouseError where they are missing."""
    user = resolved(kafka.user, "kafka.user")
    password = named(kafka.password, "kafka.password")
    if not user or not password:
        raise LakehouseError(
            f"{kafka.security} takes a user and a password",
            "kafka.user, kafka.password",
            "name them: {env:NAME}, or {secret:SCOPE/KEY} on Databricks",
        )
    return user, password


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _start(start: str) -> dict[str, str]:
    """Where a topic is read from that was never read before."""
    if start in ("earliest", "latest"):
        return {"startingOffsets": start}
    try:
        at = datetime.fromisoformat(start.replace("Z", "+00:00"))
    except ValueError:
        raise LakehouseError(
            f"{start!r} is neither earliest nor latest nor a time",
            "kafka.start",
            "write a time as 2026-11-29T06:00:00Z",
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    # A partition without a message since then is read from its end.
    return {
        "startingTimestamp": str(int(at.timestamp() * 1000)),
        "startingOffsetsByTimestampStrategy": "latest",
    }
