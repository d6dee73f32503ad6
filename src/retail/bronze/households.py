"""What some households have said of themselves, a snapshot in JSON lines."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="households",
    schema="household_id STRING, age STRING, income STRING, home_ownership STRING, "
    "marital_status STRING, household_size STRING, household_comp STRING, kids_count STRING",
)

TABLE = bronze(SOURCE)
