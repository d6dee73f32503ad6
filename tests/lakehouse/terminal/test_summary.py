"""What a run leaves behind, in sections; what is not there yet is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.base.settings import Settings
from lakehouse.lake.glance import Logs
from lakehouse.lake.place import Place
from lakehouse.terminal import summary
from lakehouse.terminal.rows import Rows


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "project": "json",
            "data": str(tmp_path),
            "landing": str(tmp_path / "landing"),
            "lake": {"root": str(tmp_path / "lake")},
            "mlflow": {
                "tracking_uri": f"sqlite:///{tmp_path}/mlflow.db",
                "artifacts": str(tmp_path / "mlflow"),
            },
        }
    )


@pytest.fixture
def glance(settings: Settings) -> Logs:
    return Logs(Place.of(settings))


def batches(
    root: Path, *rows: tuple[str, int, int, int, int, int, dict[str, int]], added: int = 0
) -> None:
    names = ("table", "landed", "kept", "quarantined", "duplicate", "dropped")
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    columns["added"] = [added] * len(rows)
    rules = pa.array([list(row[6].items()) for row in rows], pa.map_(pa.string(), pa.int64()))
    write_deltalake(str(root / "lake" / "ops" / "batches"), pa.table({**columns, "rules": rules}))


def test_an_empty_lake_has_nothing_to_say(glance, settings):
    assert summary.tables(glance, ["silver.sold"]) is None
    assert summary.broken_rules(glance) is None
    assert summary.metrics(settings, "churn") is None
    assert summary.drivers(settings, "churn") is None
    assert list(summary.parts(settings.project, glance, lambda: pytest.fail("no lake"))) == []
    assert not Path(settings.mlflow.tracking_uri.removeprefix("sqlite:///")).exists()


def test_broken_rules_are_added_up_over_batches(glance, tmp_path):
    batches(
        tmp_path,
        ("silver.sold", 10, 7, 3, 0, 0, {"a quantity": 2, "a number": 1}),
        ("silver.sold", 5, 3, 1, 1, 0, {"a quantity": 1}),
        ("silver.item", 4, 4, 0, 0, 0, {}),
    )
    section = summary.broken_rules(glance)
    assert section.rows.values == [("silver.sold", 3, "a quantity"), ("silver.sold", 1, "a number")]
    assert (
        section.note
        == "19 landed = 14 kept + 4 quarantined + 1 duplicate + 0 dropped + 0 passed over"
    )


def test_rows_that_became_several_are_on_the_side_of_what_landed(glance, tmp_path):
    batches(tmp_path, ("silver.line", 3, 5, 0, 0, 1, {}), added=3)
    note = summary.broken_rules(glance).note
    assert note.startswith("3 landed + 3 added = 5 kept + 0 quarantined")


def test_accounts_that_do_not_add_up_are_not_called_equal(glance, tmp_path):
    batches(tmp_path, ("silver.sold", 10, 7, 0, 0, 0, {}))
    assert "10 landed IS NOT 7 kept" in summary.broken_rules(glance).note


def test_a_champion_stands_beside_its_rivals_and_baselines(settings):
    import mlflow

    from lakehouse.learn.tracking import Tracking

    tracked = Tracking(settings)
    runs = {}
    for candidate, reached in (("trees", 0.88), ("line", 0.87)):
        with mlflow.start_run(
            experiment_id=tracked.experiment("churn"), tags={"candidate": candidate}
        ) as run:
            mlflow.log_metrics({"auc": reached, "baseline.last seen.auc": 0.8})
            mlflow.log_text(json.dumps([["recency", 0.4], ["spend", -0.1]]), "drivers.json")
            runs[candidate] = run.info.run_id
    tracked.client.create_registered_model("churn")
    made = tracked.client.create_model_version(
        "churn", f"runs:/{runs['trees']}/model", runs["trees"], tags={"candidate": "trees"}
    )
    tracked.client.set_registered_model_alias("churn", "champion", made.version)

    rows = summary.metrics(settings, "churn").rows
    assert rows.columns == ("version 1", "auc")
    assert rows.values == [("trees *", 0.88), ("line", 0.87), ("last seen", 0.8)]
    assert summary.drivers(settings, "churn").rows.values == [("recency", 0.4), ("spend", -0.1)]


def test_long_words_go_on_below_their_column():
    rows = Rows(("who", "products"), [(1, "Milk 1 Gallon; Bananas; Yogurt; Bread; Coffee; Cheese")])
    lines = summary.render(summary.Section("Liked", rows), 40).splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert lines[4].startswith("  1  Milk")
    assert lines[5].startswith("     ")


def test_a_value_that_is_not_there_is_a_dash():
    rows = Rows(("who", "auc"), [("line", None)], {"auc": "{:.4f}".format})
    assert summary.render(summary.Section("How good", rows), 40).splitlines()[-1] == "line  -"


def test_commands_name_only_what_is_there(glance, tmp_path):
    assert not any(
        "churn" in each for each in summary.commands(glance, "shop", ["gold.churn"], "local")
    )
    write_deltalake(str(tmp_path / "lake" / "gold" / "churn"), pa.table({"id": [1]}))
    commands = summary.commands(glance, "shop", ["gold.churn", "gold.other"], "local")
    assert "lakehouse show gold.churn" in commands
    assert not any("gold.other" in each for each in commands)
