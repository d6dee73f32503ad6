"""Every knob, in layers: defaults, conf/base.yml, conf/<target>.yml, environment, command line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import Field, ValidationError

from lakehouse.base.arrival_settings import DatabaseSettings, KafkaSettings, Page
from lakehouse.base.errors import LakehouseError, nearest
from lakehouse.base.setting_names import from_environment, keys_of
from lakehouse.base.versions import installed

HOME = "LAKEHOUSE_HOME"
"""What relative folders are taken from; else the folder that holds `conf`."""


class LakeSettings(Page):
    """Where tables live."""

    root: str = "data/lake"
    """The folder of tables and checkpoints; with a `catalog`, that of checkpoints only. A path, or
    an address such as `s3a://bucket/lake`."""
    catalog: str = ""
    """The catalog of Unity Catalog: tables are `<catalog>.<layer>.<table>` then. Empty: none."""
    retention_days: int = Field(30, ge=1)
    """For how many days a version of a table can be read once another one took its place: what is
    older `lakehouse maintain` removes, but for copies of what models were trained on."""


class SparkSettings(Page):
    """The embedded session. On a cluster or on Databricks only `conf` is used."""

    master: str = "local[*]"
    """Spark's master: `local[2]` for two threads, `spark://...`, or `sc://...` (Spark Connect)."""
    heap: str = "6g"
    """The heap of the driver's JVM, as Java writes it (`4g`, `900m`)."""
    shuffle_partitions: int = Field(4, ge=1)
    """Partitions of a shuffle on one machine."""
    conf: dict[str, str] = Field(default_factory=dict)
    """Any other setting of Spark, by its own name; also `--set spark.conf.NAME=VALUE`."""


class StreamSettings(Page):
    """How landed files become batches."""

    reader: Literal["files", "cloudFiles"] = "files"
    """What reads landed files: Spark's own source, or that of Databricks, which also sets aside
    itself what does not fit."""
    files_per_batch: int = Field(5000, ge=1)
    """The most landed files that one batch takes."""
    side_by_side: int = Field(2, ge=1)
    """How many tables of a layer are refreshed at the same time."""
    every: float = Field(1.0, gt=0)
    """Seconds between two looks of `lakehouse stream` at whether anything has arrived."""
    strict: bool = False
    """Refuse to refresh a table that is not up to date with its definition."""


class MlflowSettings(Page):
    """Where experiments, models and their files are kept."""

    tracking_uri: str = "sqlite:///data/mlflow.db"
    """The tracking server, or a database: `sqlite:///` and a path, `http://...`, `databricks`."""
    registry_uri: str = ""
    """The registry of models, such as `databricks-uc`. Empty: the tracking server's own."""
    artifacts: str = "data/mlflow"
    """The folder of models and plots. Empty: where the tracking server keeps them."""
    scratch: str = ""
    """The folder through which models move between Spark and MLflow, seen by all executors. Empty:
    `MLFLOW_DFS_TMP`, else a folder in `lake.root`."""
    experiment: str = "{model}"
    """The name of a model's experiment; `{model}` stands for the name of the model."""
    registered: str = ""
    """The name of a registered model. Empty: `{model}`, with a catalog `<catalog>.gold.{model}`."""


class TrainSettings(Page):
    """How candidates are tuned."""

    trials: int = Field(0, ge=0)
    """Trials of hyperopt for each candidate; 0 takes the declared parameters."""
    seed: int = 17
    """The seed of the search."""


class ReplaySettings(Page):
    """What of a recorded source lands."""

    until: str = ""
    """The last day that lands, as YYYY-MM-DD. Empty: all of them."""


class Settings(Page):
    """All settings of a run, frozen; an unknown key is an error that names the nearest."""

    project: str
    """The package whose tables and models are run."""
    engine: str = ""
    """The version of the engine that the project was made for, such as `0.1`. Empty: any."""
    data: str = "data"
    """The folder of what is neither table nor landed file: runs, locks, caches."""
    landing: str = "data/landing"
    """The folder where files arrive, with a folder for each source."""
    lake: LakeSettings = LakeSettings()
    spark: SparkSettings = SparkSettings()
    stream: StreamSettings = StreamSettings()
    kafka: KafkaSettings = KafkaSettings()
    database: DatabaseSettings = DatabaseSettings()
    mlflow: MlflowSettings = MlflowSettings()
    train: TrainSettings = TrainSettings()
    replay: ReplaySettings = ReplaySettings()

    @property
    def data_folder(self) -> Path:
        """The folder for what is neither table nor landed file: runs, locks, MLflow's store."""
        return Path(self.data)


def find_conf(start: Path | None = None) -> Path:
    """The nearest `conf` folder with a base.yml, from `start` upwards; or LAKEHOUSE_CONF."""
    if named := os.environ.get("LAKEHOUSE_CONF"):
        return Path(named)
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "conf" / "base.yml").is_file():
            return folder / "conf"
    raise LakehouseError(
        "no settings found",
        f"no conf/base.yml in {here} or above",
        "call from inside the project, or name the folder with --conf",
    )


def load(
    target: str = "local",
    overrides: Mapping[str, Any] | None = None,
    conf: Path | str | None = None,
) -> Settings:
    """Settings of a target. `overrides` are dotted keys, such as {"spark.heap": "4g"}.

    Relative folders are taken from LAKEHOUSE_HOME, else from the folder that holds `conf`.
    Raises LakehouseError for an unknown target, key or a value of the wrong type.
    """
    folder = Path(conf) if conf else find_conf()
    known = sorted(page.stem for page in folder.glob("*.yml") if page.stem != "base")
    if target not in known:
        guess = nearest(target, known)
        raise LakehouseError(
            f"there is no target {target!r}" + (f", did you mean {guess!r}?" if guess else ""),
            str(folder),
            f"known targets: {', '.join(known) or 'none'}",
        )
    merged = _merge(_read(folder / "base.yml"), _read(folder / f"{target}.yml"))
    for dotted, value in {**from_environment(Settings.model_fields), **(overrides or {})}.items():
        merged = _merge(merged, _nest(keys_of(dotted), value))
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise _explained(error, folder, target) from None
    _check_engine(settings.engine, folder)
    return _absolute(settings, Path(os.environ.get(HOME) or folder.resolve().parent))


def _check_engine(wanted: str, folder: Path) -> None:
    """Raise LakehouseError where the project was made for another version of the engine; on a path
    of Python's alone, without a version, it is not asked for one."""
    parts = wanted.split(".")
    there = installed("lakehouse") if wanted else ""
    if there and there.split("+")[0].split(".")[: len(parts)] != parts:
        raise LakehouseError(
            f"the project was made for version {wanted} of the engine, and this is {there}",
            f"{folder}/base.yml, engine",
            "install the wheel of that version, or change what the new one asks for, and say so",
        )


def _read(page: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(page.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LakehouseError("a settings file is missing", str(page), "restore it") from None
    except yaml.YAMLError as error:
        raise LakehouseError(f"not valid YAML: {error}", str(page), "mend the file") from None
    if content is not None and not isinstance(content, dict):
        raise LakehouseError("settings must be keys with values", str(page), "mend the file")
    return content or {}


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(under, dict) and isinstance(value, Mapping)
        merged[key] = _merge(under, value) if both and isinstance(under, dict) else value
    return merged


def _nest(keys: list[str], value: Any) -> dict[str, Any]:
    return {keys[0]: _nest(keys[1:], value) if keys[1:] else value}


def _explained(error: ValidationError, folder: Path, target: str) -> LakehouseError:
    faults = []
    for fault in error.errors():
        path = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            page = _page_of(fault["loc"][:-1])
            guess = nearest(str(fault["loc"][-1]), page.model_fields)
            faults.append(
                f"unknown setting {path!r}" + (f", did you mean {guess!r}?" if guess else "")
            )
        else:
            faults.append(f"setting {path!r}: {fault['msg'].lower()}, got {fault['input']!r}")
    return LakehouseError(
        "; ".join(faults),
        f"{folder}/base.yml, {folder}/{target}.yml, environment or command line",
        "mend the setting",
    )


def _page_of(keys: Sequence[int | str]) -> Any:
    """The settings below these keys; a name that the user gave is one of several of a kind."""
    page: Any = Settings
    for key in keys:
        is_page = hasattr(page, "model_fields")
        page = page.model_fields[str(key)].annotation if is_page else get_args(page)[1]
    return page


def _absolute(settings: Settings, home: Path) -> Settings:
    def place(path: str) -> str:
        """Spelt as Spark spells it, who tells files by their names."""
        if not path or "://" in path:
            return path.rstrip("/")
        return os.path.normpath(home / path)

    tracking = settings.mlflow.tracking_uri
    if tracking.startswith("sqlite:///") and not tracking.startswith("sqlite:////"):
        tracking = f"sqlite:///{home / tracking.removeprefix('sqlite:///')}"
    return settings.model_copy(
        update={
            "data": place(settings.data),
            "landing": place(settings.landing),
            "lake": settings.lake.model_copy(update={"root": place(settings.lake.root)}),
            "mlflow": settings.mlflow.model_copy(
                update={
                    "tracking_uri": tracking,
                    "artifacts": place(settings.mlflow.artifacts),
                    "scratch": place(settings.mlflow.scratch),
                }
            ),
        }
    )
