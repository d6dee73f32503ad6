"""The [[ source ]] that arrive, [[ {"json": "as JSON lines", "csv": "as CSV", "parquet": "as Parquet"}[kind] ]]."""

from lakehouse import [% if options %]Csv, [% endif %]Field, Source, bronze

SOURCE = Source(
    "[[ source ]]",
    schema=(
[% for field in fields %]
        Field([[ field.name ]], "STRING"),
[% endfor %]
    ),
[% if kind != "json" %]
    format="[[ kind ]]",
[% endif %]
[% if options %]
    csv=[[ options ]],
[% endif %]
[% if encoding %]
    encoding="[[ encoding ]]",
[% endif %]
)

TABLE = bronze(SOURCE)
