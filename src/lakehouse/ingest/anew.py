"""A topic that was deleted and made anew under its name is another one, and not read past.

Spark's checkpoint knows a topic by its name, and offsets of the one before are good in the new one
as soon as that is long enough. So the id of the topic stands beside them.
"""

from __future__ import annotations

from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.ingest.kafka import topic_of
from lakehouse.ingest.topics import topic_id
from lakehouse.lake.lake import Lake
from lakehouse.lake.save import save_files


def check_topic(lake: Lake, table: Table, checkpoint: Checkpoint) -> None:
    """Notes the topic of a table before its first batch.

    Raises LakehouseError where a later one would read another topic of that name.
    """
    first = table.reads[0]
    topic = topic_of(lake.settings, first) if isinstance(first, Source) else ""
    now = topic_id(lake.settings.kafka, topic) if topic else ""
    before = checkpoint.topic if now else ""
    if before == now:
        return
    if before and checkpoint.begun >= 0:
        raise LakehouseError(
            f"the topic {topic!r} was deleted and made anew since it was read",
            table.name,
            f"to go on with the new one from kafka.start, take {checkpoint.folder} away: what was "
            "read of the one before stays",
        )
    row = lake.spark.range(0, 1, 1, 1).select(F.lit(now).alias("value"))
    save_files(row, checkpoint.topic_folder, "text")
