"""How settings are layered, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.base import settings
from lakehouse.base.errors import LakehouseError
from lakehouse.base.setting_names import variable

BASE = """
project: shop
data: data
landing: landing
lake: {root: lake}
mlflow: {tracking_uri: "sqlite:///data/mlflow.db", artifacts: data/mlflow}
spark: {heap: 6g, shuffle_partitions: 4}
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "base.yml").write_text(BASE)
    (folder / "local.yml").write_text("spark: {heap: 2g}\n")
    return folder


def test_a_target_overrides_the_base_and_the_command_line_overrides_both(conf: Path) -> None:
    assert settings.load("local", conf=conf).spark.heap == "2g"
    assert settings.load("local", {"spark.heap": "1g"}, conf).spark.heap == "1g"
    assert settings.load("local", conf=conf).spark.shuffle_partitions == 4


def test_a_setting_of_spark_keeps_the_dots_of_its_name(conf: Path) -> None:
    changes = {"spark.conf.spark.ui.port": "4050", "spark.conf.spark.ui.enabled": "true"}

    assert settings.load("local", changes, conf).spark.conf == {
        "spark.ui.port": "4050",
        "spark.ui.enabled": "true",
    }


def test_a_setting_of_kafka_keeps_the_dots_of_its_name(conf: Path) -> None:
    changes = {"kafka.options.fetch.max.bytes": "9", "kafka.topics.sales": "shop.sales"}

    kafka = settings.load("local", changes, conf).kafka
    assert kafka.options == {"fetch.max.bytes": "9"}
    assert kafka.topics == {"sales": "shop.sales"}


def test_a_setting_handed_on_through_the_environment_arrives_as_it_was(
    conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = variable("spark.conf.spark.sql.codegen.cache.maxEntries")
    assert name == "LAKEHOUSE_SPARK__CONF__spark__sql__codegen__cache__maxEntries"
    monkeypatch.setenv(name, "200")
    monkeypatch.setenv(variable("lake.root"), "/there")

    loaded = settings.load("local", conf=conf)
    assert loaded.spark.conf == {"spark.sql.codegen.cache.maxEntries": "200"}
    assert loaded.lake.root == "/there"


def test_the_environment_lies_between_the_files_and_the_command_line(
    conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK__HEAP", "3g")
    assert settings.load("local", conf=conf).spark.heap == "3g"
    assert settings.load("local", {"spark.heap": "1g"}, conf).spark.heap == "1g"


def test_or_from_a_home_that_the_environment_names(
    conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_HOME", "/elsewhere")
    assert settings.load("local", conf=conf).lake.root == "/elsewhere/lake"
    assert settings.load("local", {"lake.root": "/there"}, conf).lake.root == "/there"


def test_a_folder_is_spelt_as_spark_spells_it(conf: Path) -> None:
    for given, meant in (
        ("/data//landing/", "/data/landing"),
        ("/data/lake/../landing", "/data/landing"),
        ("in//here/", f"{conf.parent}/in/here"),
        ("s3a://bucket/landing/", "s3a://bucket/landing"),
    ):
        assert settings.load("local", {"landing": given}, conf).landing == meant


def test_a_project_needs_only_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "base.yml").write_text("project: orders\n")
    (folder / "local.yml").touch()
    found = settings.load("local", conf=folder)
    assert found.lake.root == str(tmp_path / "data" / "lake")
    assert found.landing == str(tmp_path / "data" / "landing")
    assert found.mlflow.tracking_uri == f"sqlite:///{tmp_path}/data/mlflow.db"


def test_folders_are_taken_from_the_folder_that_holds_conf(conf: Path) -> None:
    found = settings.load("local", conf=conf)
    assert found.landing == str(conf.parent / "landing")
    assert found.lake.root == str(conf.parent / "lake")
    assert found.mlflow.tracking_uri == f"sqlite:///{conf.parent}/data/mlflow.db"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("spark.heep", "1g", "unknown setting 'spark.heep', did you mean 'heap'?"),
        ("landin", "x", "unknown setting 'landin', did you mean 'landing'?"),
        ("database.tables.a.keyz", "id", "'database.tables.a.keyz', did you mean 'keys'?"),
        ("database.tables.a.table", "a", "name a column that grows (by) or the keys"),
        ("spark.shuffle_partitions", "many", "setting 'spark.shuffle_partitions'"),
        ("spark.shuffle_partitions", 0, "greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_named(conf: Path, key: str, value: object, said: str) -> None:
    with pytest.raises(LakehouseError) as error:
        settings.load("local", {key: value}, conf)
    assert said in str(error.value)


def test_an_unknown_target_is_answered_with_the_nearest(conf: Path) -> None:
    with pytest.raises(LakehouseError, match="no target 'locl', did you mean 'local'"):
        settings.load("locl", conf=conf)


def test_broken_yaml_is_named_with_its_file(conf: Path) -> None:
    (conf / "local.yml").write_text("spark: {heap: 2g\n")
    with pytest.raises(LakehouseError, match=r"local\.yml: not valid YAML"):
        settings.load("local", conf=conf)
