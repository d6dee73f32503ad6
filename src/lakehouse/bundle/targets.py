"""Which target is meant, and what the bundle says once that target is laid over it."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.bundle.merge import overlaid
from lakehouse.bundle.nodes import Node, Place, made, with_item

_OF_BUNDLE = ("cluster_id", "compute_id", "git")  # what it says of the bundle by a short way
_OWN = {"default", "mode", "variables"}  # what a target says of itself, not of the bundle


@dataclass(frozen=True)
class User:
    """Who deploys: `name` as the workspace knows it, `short_name` fit for names of things."""

    name: str

    @property
    def short_name(self) -> str:
        """Return the part before the @, with everything but letters and digits as `_`."""
        return re.sub(r"\W+", "_", self.name.split("@")[0]).strip("_").lower() or "someone"


def current_user(environment: Mapping[str, str] = os.environ) -> User:
    """Return who is at work here, by DATABRICKS_USER or the machine's own user name."""
    try:
        return User(environment.get("DATABRICKS_USER") or getpass.getuser())
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return User("someone")


def target_names(tree: Node) -> tuple[str, ...]:
    """Return the names of the targets that a bundle declares."""
    targets = tree.get("targets")
    return tuple(targets.value) if targets is not None and targets.is_mapping else ()


def chosen_target(tree: Node, wanted: str | None, where: str) -> str:
    """Return the target that is meant: the one wanted, the default one, or the only one.

    Raises LakehouseError for an unknown target (with the nearest name), or where it is not
    clear which one is meant.
    """
    names = target_names(tree)
    if wanted is not None:
        if wanted in names or (not names and wanted == "default"):
            return wanted
        raise LakehouseError(f"unknown target {wanted!r}", where, did_you_mean(wanted, names))
    if not names:
        return "default"
    defaults = [name for name in names if _says(tree, name, "default") is True]
    if len(defaults) == 1 or len(names) == 1:
        return (defaults or list(names))[0]
    reason = "several targets are the default one" if defaults else "no target is the default one"
    raise LakehouseError(reason, where, f"Name one with --target: {', '.join(names)}.")


def _says(tree: Node, target: str, key: str) -> object:
    targets = tree.get("targets")
    node = targets.get(target) if targets is not None else None
    found = node.get(key) if node is not None else None
    return found.value if found is not None else None


def with_target(tree: Node, target: str) -> Node:
    """Return the bundle with what the target says laid over it.

    A target's `run_as` and `presets` take the place of the bundle's; all else is merged.
    """
    targets = tree.get("targets")
    node = targets.get(target) if targets is not None else None
    if node is None or not node.is_mapping:
        return tree
    over = {key: each for key, each in node.items() if key not in _OWN}
    if "run_as" in over:
        tree = Node({k: v for k, v in tree.items() if k != "run_as"}, tree.place, tree.keys)
    moved = {key: over.pop(key) for key in _OF_BUNDLE if key in over}
    if moved:
        over["bundle"] = overlaid(
            Node(moved, node.place), over.get("bundle") or Node({}, node.place)
        )
    return overlaid(tree, Node(over, node.place, node.keys))


def with_facts(tree: Node, target: str, user: User, root: Path) -> Node:
    """Fill in what a bundle may ask about itself: target, user, workspace paths, git branch."""
    place = Place(tree.place.file)
    bundle = tree.get("bundle")
    name = bundle.get("name") if bundle is not None else None
    facts: dict[str, object] = {"target": target, "name": name.value if name else root.name}
    git = bundle.get("git") if bundle is not None else None
    branch, commit = _git(root)
    facts["git"] = {"branch": branch, "commit": commit, "origin_url": ""}
    mode = _says(tree, target, "mode")
    if mode is not None:
        facts["mode"] = mode
    bundle = overlaid(made(facts, place), bundle) if bundle is not None else made(facts, place)
    if git is None or git.get("commit") is None:
        bundle = overlaid(bundle, made({"git": {"commit": commit}}, place))
    workspace = tree.get("workspace") or made({}, place)
    defaults = {
        "current_user": {
            "userName": user.name,
            "user_name": user.name,
            "short_name": user.short_name,
            "domain_friendly_name": re.sub(r"\W+", "_", user.name),
        },
        "root_path": f"~/.bundle/{facts['name']}/{target}",
        "file_path": "${workspace.root_path}/files",
        "artifact_path": "${workspace.root_path}/artifacts",
        "state_path": "${workspace.root_path}/state",
        "resource_path": "${workspace.root_path}/resources",
        "host": "",
        "profile": "",
    }
    workspace = overlaid(made(defaults, place), workspace)
    root_path = workspace.get("root_path")
    if root_path is not None and isinstance(root_path.value, str) and root_path.value[:2] == "~/":
        home = f"/Workspace/Users/{user.name}/{root_path.value[2:]}"
        workspace = with_item(workspace, "root_path", Node(home, root_path.place))
    return with_item(with_item(tree, "bundle", bundle), "workspace", workspace)


def _git(folder: Path) -> tuple[str, str]:
    """Return branch and commit of the checkout that holds `folder`; empty where there is none."""
    for above in (folder, *folder.parents):
        head = above / ".git" / "HEAD"
        try:
            text = head.read_text(encoding="utf-8").strip()
        except OSError:
            continue
        if not text.startswith("ref: "):
            return "", text
        try:
            commit = (above / ".git" / text[5:]).read_text(encoding="utf-8").strip()
        except OSError:
            commit = ""
        return text.removeprefix("ref: refs/heads/"), commit
    return "", ""
