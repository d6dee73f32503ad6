"""The building blocks of the models: values that may still be references, and what is shared."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)
from typing_extensions import Self

Anything: TypeAlias = Any
T = TypeVar("T")


def is_reference(value: object) -> bool:
    """Say whether a value is, or holds, a reference that is filled in later."""
    return isinstance(value, str) and ("${" in value or "{{" in value)


def _or_reference(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    return value if is_reference(value) else handler(value)


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _as_whole(value: Any) -> Any:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError("a whole number is wanted")
    return value


def _as_flag(value: Any) -> Any:
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise ValueError("true or false is wanted")
    return value


REF = WrapValidator(_or_reference)
"""Lets a reference stand where another type is wanted."""

Text: TypeAlias = Annotated[str, BeforeValidator(_as_text)]
Whole: TypeAlias = Annotated[int, BeforeValidator(_as_whole), REF]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_as_flag), REF]
Texts: TypeAlias = Annotated[list[Text], REF]
Tags: TypeAlias = Annotated[dict[str, Text], REF]
Pause: TypeAlias = Annotated[Literal["PAUSED", "UNPAUSED"], REF]


class Model(BaseModel):
    """A mapping with known keys; the whole of it may also be one reference."""

    model_config = ConfigDict(extra="forbid", defer_build=True, protected_namespaces=())

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_reference(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        return value if is_reference(value) else handler(value)

    @model_validator(mode="wrap")
    @classmethod
    def _or_a_reference(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Any:
        if is_reference(value):
            return cls.model_construct()
        return handler(value)


class Open(Model):
    """A mapping of which only some keys are known here."""

    model_config = ConfigDict(extra="allow", defer_build=True, protected_namespaces=())


class Principal(Model):
    """Exactly one of a user, a service principal (by application id) or a group."""

    user_name: Text | None = None
    service_principal_name: Text | None = None
    group_name: Text | None = None


class RunAs(Model):
    """Who runs: exactly one of the two."""

    user_name: Text | None = None
    service_principal_name: Text | None = None


class Permission(Principal):
    """What a principal may do with a resource."""

    level: Text


class JobPermission(Principal):
    """What a principal may do with a job."""

    level: Annotated[Literal["CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"], REF]


class PipelinePermission(Principal):
    """What a principal may do with a pipeline."""

    level: Annotated[Literal["CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER"], REF]


class ExperimentPermission(Principal):
    """What a principal may do with an experiment."""

    level: Annotated[Literal["CAN_READ", "CAN_EDIT", "CAN_MANAGE"], REF]


class BundlePermission(Principal):
    """What a principal may do with everything the bundle deploys."""

    level: Annotated[Literal["CAN_VIEW", "CAN_RUN", "CAN_MANAGE"], REF]


class Lifecycle(Model):
    """What must not happen to a deployed resource."""

    prevent_destroy: Flag | None = None
    started: Flag | None = None
