"""What some households stated of themselves in a survey, a snapshot in JSON lines."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="households",
    schema="household_id STRING, age STRING, income STRING, home_ownership STRING, "
    "marital_status STRING, household_size STRING, household_comp STRING, kids_count STRING",
)

TABLE = bronze(SOURCE)
