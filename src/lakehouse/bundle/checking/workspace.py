"""Where a bundle is deployed, as whom, and how its Python is found."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.bundle.checking.walk import resources, text, written
from lakehouse.bundle.faults import Fault, Official, Severity
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import at, dotted, is_true, plain
from lakehouse.bundle.references import REFERENCE, is_reference

# Keys that say how to log in: they are read before variables are.
_AUTHENTICATION = ("host", "profile", "auth_type", "client_id", "google_service_account",
                   "azure_use_msi", "azure_client_id", "azure_tenant_id", "azure_environment",
                   "azure_login_app_id", "account_id", "workspace_id")  # fmt: skip
_NO_VOLUMES = ("root_path", "file_path", "state_path", "resource_path")
_OWNED = ("apps", "model_serving_endpoints", "quality_monitors")  # run as whoever deploys them


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield what is wrong with the workspace, and with who acts there."""
    yield from _authentication(bundle)
    for key in _NO_VOLUMES:
        path = at(bundle.config, ("workspace", key))
        node = written(bundle, key)
        if path is not None and node is not None and text(path).startswith("/Volumes/"):
            message = f"workspace.{key} cannot be a volume: {text(path)}"
            hint = "Only artifact_path may be one."
            yield Fault("workspace-path", message, node.place, f"workspace.{key}", hint)
    yield from _owned(bundle)
    python, former = bundle.config.get("python"), at(bundle.config, ("experimental", "python"))
    if python is not None and former is not None and plain(python) != plain(former):
        message = "python and experimental.python differ"
        hint = "Keep `python`."
        yield Fault("exclusive-keys", message, former.place, "experimental.python", hint)


def _authentication(bundle: Bundle) -> Iterator[Fault]:
    for key in _AUTHENTICATION:
        node = written(bundle, key)
        if node is not None and isinstance(node.value, str) and REFERENCE.search(node.value):
            message = f"workspace.{key} cannot hold a reference: it is read before variables are"
            hint = "Write it out in each target, or set it in the environment."
            # The official CLI warns, and then cannot reach a host of such a name.
            verdict: Official = "error" if key == "host" else "warning"
            where = f"workspace.{key}"
            yield Fault("authentication", message, node.place, where, hint, verdict=verdict)


def _owned(bundle: Bundle) -> Iterator[Fault]:
    """Yield the resources that cannot run as somebody else than who deploys them."""
    run_as = bundle.config.get("run_as")
    if run_as is None or is_true(at(bundle.config, ("experimental", "use_legacy_run_as"))):
        return
    name = text(run_as.get("service_principal_name")) or text(run_as.get("user_name"))
    if not name or is_reference(name) or name == bundle.user.name:
        return
    hint = f"Deploy as {name} (here DATABRICKS_USER says who does), or leave run_as out."
    for kind in (*_OWNED, "dashboards"):
        for _, node, path in resources(bundle, kind):
            if kind == "dashboards" and not is_true(node.get("embed_credentials")):
                continue
            message = f"{dotted(path)} runs as who deploys it, not as {name}"
            severity: Severity = "error" if bundle.user.is_known else "warning"
            yield Fault("run-as", message, run_as.place, dotted(path), hint, severity)
