"""Choosing a target, laying it over the bundle, and filling in what is known of the deployment."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.bundle.merge import overlay
from lakehouse.bundle.nodes import Node, Place, at, is_true, node_of, with_item

_SHORTCUTS = ("cluster_id", "compute_id", "git")  # keys of a target that stand for `bundle.<key>`
_OWN = {"default", "mode", "variables"}  # keys of a target that the bundle does not have


@dataclass(frozen=True)
class User:
    """Who deploys: `name` as the workspace knows it, `short_name` for use inside other names.

    `is_known` is False where nobody said so, and the name is only that of this machine's user.
    """

    name: str
    is_known: bool = True

    @property
    def short_name(self) -> str:
        """Return the part before the @, with everything but letters and digits as `_`."""
        return re.sub(r"\W+", "_", self.name.split("@")[0]).strip("_").lower() or "someone"


def current_user(environment: Mapping[str, str] = os.environ) -> User:
    """Return the user that DATABRICKS_USER names, else the user of this machine."""
    if name := environment.get("DATABRICKS_USER"):
        return User(name)
    try:
        return User(getpass.getuser(), is_known=False)
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return User("someone", is_known=False)


def target_names(tree: Node) -> tuple[str, ...]:
    """Return the names of the targets that a bundle declares."""
    targets = tree.get("targets")
    return tuple(targets.value) if targets is not None and targets.is_mapping else ()


def choose_target(tree: Node, target: str | None, where: str) -> str:
    """Return `target`, else the default target of the bundle, else its only one.

    Raises LakehouseError for an unknown target (with the nearest name), and where there are
    several targets and not exactly one of them is the default.
    """
    names = target_names(tree)
    if target is not None:
        if target in names or (not names and target == "default"):
            return target
        raise LakehouseError(f"unknown target {target!r}", where, did_you_mean(target, names))
    if not names:
        return "default"
    defaults = [name for name in names if is_true(at(tree, ("targets", name, "default")))]
    if len(defaults) == 1 or len(names) == 1:
        return (defaults or list(names))[0]
    reason = "several targets are the default one" if defaults else "no target is the default one"
    raise LakehouseError(reason, where, f"Name one with --target: {', '.join(names)}.")


def _target_value(tree: Node, target: str, key: str) -> object:
    node = at(tree, ("targets", target, key))
    return node.value if node is not None else None


def with_target(tree: Node, target: str) -> Node:
    """Return the bundle with a target laid over it.

    Its `run_as` replaces that of the bundle; all else is merged.
    """
    node = at(tree, ("targets", target))
    if node is None or not node.is_mapping:
        return tree
    over = {key: value for key, value in node.items() if key not in _OWN}
    if "run_as" in over:
        content = {key: value for key, value in tree.items() if key != "run_as"}
        tree = Node(content, tree.place, tree.keys)
    shortcuts = {key: over.pop(key) for key in _SHORTCUTS if key in over}
    if shortcuts:
        bundle = over.get("bundle") or Node({}, node.place)
        over["bundle"] = overlay(Node(shortcuts, node.place), bundle)
    return overlay(tree, Node(over, node.place, node.keys))


def with_facts(tree: Node, target: str, user: User, root: Path) -> Node:
    """Return the bundle with its target, user, workspace paths and git branch filled in."""
    place = Place(tree.place.file)
    bundle = tree.get("bundle")
    name = bundle.get("name") if bundle is not None else None
    facts: dict[str, object] = {"target": target, "name": name.value if name else root.name}
    git = bundle.get("git") if bundle is not None else None
    branch, commit = _git(root)
    facts["git"] = {"branch": branch, "commit": commit, "origin_url": ""}
    mode = _target_value(tree, target, "mode")
    if mode is not None:
        facts["mode"] = mode
    bundle = overlay(node_of(facts, place), bundle) if bundle is not None else node_of(facts, place)
    if git is None or git.get("commit") is None:
        bundle = overlay(bundle, node_of({"git": {"commit": commit}}, place))
    workspace = tree.get("workspace") or node_of({}, place)
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
    workspace = overlay(node_of(defaults, place), workspace)
    root_path = workspace.get("root_path")
    if root_path is not None and isinstance(root_path.value, str) and root_path.value[:2] == "~/":
        home = f"/Workspace/Users/{user.name}/{root_path.value[2:]}"
        workspace = with_item(workspace, "root_path", Node(home, root_path.place))
    return with_item(with_item(tree, "bundle", bundle), "workspace", workspace)


def checkout(folder: Path) -> Path | None:
    """Return the root of the git checkout that holds `folder`; None where there is none."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), None)


def _git(folder: Path) -> tuple[str, str]:
    """Return branch and commit of the checkout that holds `folder`; empty where there is none."""
    root = checkout(folder)
    try:
        text = (root / ".git" / "HEAD").read_text(encoding="utf-8").strip() if root else ""
    except OSError:  # a work tree, whose .git is a file
        return "", ""
    if root is None or not text.startswith("ref: "):
        return "", text
    try:
        commit = (root / ".git" / text[5:]).read_text(encoding="utf-8").strip()
    except OSError:
        commit = ""
    return text.removeprefix("ref: refs/heads/"), commit
