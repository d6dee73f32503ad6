"""Secrets that settings name, and do not hold."""

from __future__ import annotations

import os
import re

from lakehouse.base.errors import LakehouseError

REFERENCE = re.compile(r"\{(env|secret):([^{}]*)\}")


def resolved(value: str, where: str) -> str:
    """A value with each `{env:NAME}` as that variable of the environment and each
    `{secret:SCOPE/KEY}` as that secret of Databricks. `where` is the setting, for errors.

    Raises LakehouseError where there is no such variable or secret. No error holds a value.
    """

    def known(match: re.Match[str]) -> str:
        kind, name = match.groups()
        return _variable(name, where) if kind == "env" else _secret(name, where)

    return REFERENCE.sub(known, value)


def named(value: str, where: str) -> str:
    """A secret that a setting names; empty where it is.

    Raises LakehouseError where the setting holds it, and as `resolved` does.
    """
    if value and not REFERENCE.fullmatch(value):
        raise LakehouseError(
            "holds a secret, which whoever reads the settings would read too",
            where,
            "name it: {env:NAME}, or {secret:SCOPE/KEY} on Databricks",
        )
    return resolved(value, where)


def _variable(name: str, where: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise LakehouseError(
            f"the variable {name} is not in the environment", where, f"set {name}"
        ) from None


def _secret(name: str, where: str) -> str:
    scope, slash, key = name.partition("/")
    if not (scope and slash and key):
        raise LakehouseError(
            f"{{secret:{name}}} names no secret", where, "write {secret:SCOPE/KEY}"
        )
    try:
        from databricks.sdk.runtime import dbutils
    except Exception:  # of many kinds: no package, or no credentials of a workspace
        raise LakehouseError(
            f"{{secret:{name}}} is known on Databricks alone",
            where,
            "elsewhere take it from the environment: {env:NAME}",
        ) from None
    try:
        return str(dbutils.secrets.get(scope=scope, key=key))
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise LakehouseError(
            f"the secret {name} cannot be had: {reason}",
            where,
            f"see what there is: databricks secrets list-secrets {scope}",
        ) from None
