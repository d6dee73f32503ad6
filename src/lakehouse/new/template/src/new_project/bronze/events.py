"""What users do, as JSON lines: a file a day."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="events",
    schema="event_id STRING, user_id STRING, kind STRING, happened_at STRING",
)

TABLE = bronze(SOURCE)
