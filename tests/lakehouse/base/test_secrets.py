"""Secrets that settings name: found, and told apart from those that they hold."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.base.secrets import named, resolved

WHERE = "kafka.password"


def test_a_variable_of_the_environment_is_put_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILL", "7")
    assert resolved("till-{env:TILL}-{north}", WHERE) == "till-7-{north}"
    assert named("{env:TILL}", WHERE) == "7"
    assert named("", WHERE) == ""


def test_a_secret_of_databricks_is_asked_for_by_scope_and_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runtime = ModuleType("databricks.sdk.runtime")
    held = {("kafka", "user"): "till"}
    get = SimpleNamespace(get=lambda scope, key: held[(scope, key)])
    runtime.dbutils = SimpleNamespace(secrets=get)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "databricks.sdk.runtime", runtime)
    assert resolved("{secret:kafka/user}", WHERE) == "till"
    with pytest.raises(LakehouseError, match="the secret kafka/other cannot be had"):
        resolved("{secret:kafka/other}", WHERE)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{env:NO_SUCH_VARIABLE}", "NO_SUCH_VARIABLE is not in the environment"),
        ("{secret:kafka}", "write {secret:SCOPE/KEY}"),
        ("hunter2", "holds a secret"),
        ("{env:TILL}hunter2", "holds a secret"),
    ],
)
def test_what_names_no_secret_is_told_without_its_value(value: str, said: str) -> None:
    with pytest.raises(LakehouseError) as told:
        named(value, WHERE)
    assert said.casefold() in str(told.value).casefold()
    assert "hunter2" not in str(told.value)


def test_elsewhere_than_on_databricks_its_secrets_are_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "databricks.sdk.runtime", None)
    with pytest.raises(LakehouseError, match="is known on Databricks alone"):
        resolved("{secret:kafka/user}", WHERE)
