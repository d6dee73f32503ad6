"""What some households stated of themselves in a survey, in JSON lines; `deleted` takes it back."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="households",
    schema="household_id STRING, age STRING, income STRING, home_ownership STRING, "
    "marital_status STRING, household_size STRING, household_comp STRING, kids_count STRING, "
    "deleted STRING",
)

TABLE = bronze(SOURCE)
