"""The fields of a deployed resource that other resources may refer to."""

from __future__ import annotations

from lakehouse.bundle import schema

# Fields that only Terraform knows: the other engine refuses references to them.
_OF_TERRAFORM = {
    "clusters": ("is_pinned", "no_wait", "url"),
    "jobs": ("always_running", "control_run_state", "url"),
    "model_serving_endpoints": ("endpoint_url", "serving_endpoint_id"),
    "pipelines": ("expected_last_modified", "url"),
    "schemas": ("force_destroy",),
    "sql_warehouses": ("data_source_id", "no_wait"),
}

# Fields that Terraform names otherwise.
_RENAMED = {"models": ("model_id", "registered_model_id")}


def is_of_terraform(kind: str, field: str) -> bool:
    """Say whether only Terraform knows a field of resources of a `kind`."""
    return field in _OF_TERRAFORM.get(kind, ())


def is_known(kind: str, field: str) -> bool:
    """Say whether resources of a `kind` have a `field`: one of their own, or of the workspace.

    Terraform names a list after one of its elements (`task[0]` is the first of the tasks), which
    the official CLI understands.
    """
    kinds = schema.definition("Resources")
    definition = kinds.get(kind) if isinstance(kinds, dict) else None
    if definition is None or not isinstance(definition.type, dict):
        return False
    [name] = definition.type.values()
    keys = schema.definition(name) or ()
    plural = f"{field[:-1]}ies" if field.endswith("y") else f"{field}s"
    deployed = schema.definition(f"{name}.deployed") or ()
    own = field == "id" or field in (*_RENAMED.get(kind, ()), *_OF_TERRAFORM.get(kind, ()))
    return own or field in keys or plural in keys or field in deployed
