"""What the commands `plan`, `deploy`, `rollback` and `destroy` do, here and for a workspace."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import find_conf
from lakehouse.bundle.data_folder import data_folder
from lakehouse.bundle.faults import BundleError, errors
from lakehouse.bundle.files import shown
from lakehouse.bundle.load import Bundle, is_here, load
from lakehouse.bundle.validate import validate
from lakehouse.ship.archive import manifest, unpacked, written
from lakehouse.ship.changes import changes
from lakehouse.ship.contents import Contents, contents
from lakehouse.ship.remote import call
from lakehouse.ship.store import Store
from lakehouse.terminal.show import rows, say


def _sound(folder: Path, target: str | None, variables: Mapping[str, str]) -> Bundle:
    """Return the bundle if nothing is wrong with it; raise BundleError with all that is."""
    bundle = load(folder, target, variables)
    wrong = errors(validate(folder, bundle.target, variables))
    if wrong:
        raise BundleError(shown(bundle.root), wrong)
    return bundle


def store_of(bundle: Bundle, data: Path | None) -> Store:
    """Return where the deployments of a bundle's target are kept."""
    return Store(data_folder(bundle.root, bundle.target, data), bundle.name, bundle.target)


def deploy(
    folder: Path,
    target: str | None,
    variables: Mapping[str, str],
    data: Path | None,
    extra: Sequence[str] = (),
) -> int:
    """Deploy a bundle: here as an archive, to a workspace through the Databricks CLI."""
    bundle = _sound(folder, target, variables)
    if not is_here(bundle):
        return call("deploy", bundle, variables, extra)
    store = store_of(bundle, data)
    with store.locked():
        what = contents(bundle)
        if what.version == store.current:
            manifest(store.archive(what.version))
            unpacked(store.archive(what.version), store.files(what.version))
            say(f"{bundle.name} in {bundle.target}: nothing has changed since {what.version}")
            return 0
        ship(what, store)
    say(f"{bundle.name} in {bundle.target}: {what.version} is deployed")
    print(store.archive(what.version))
    return 0


def ship(what: Contents, store: Store) -> None:
    """Write the archive, unpack it, and make it the current version: the last step decides."""
    path = store.archive(what.version)
    written(what, path)
    unpacked(path, store.files(what.version))
    store.made_current(what.version, "deploy")


def plan(
    folder: Path, target: str | None, variables: Mapping[str, str], data: Path | None, output: str
) -> int:
    """Print what a deployment would change."""
    bundle = _sound(folder, target, variables)
    if not is_here(bundle):
        return call("plan", bundle, variables)
    store = store_of(bundle, data)
    old: dict[str, bytes] = {}
    if store.current:
        path = store.archive(store.current)
        manifest(path)
        with zipfile.ZipFile(path) as archive:
            old = {name: archive.read(name) for name in archive.namelist()}
    what = contents(bundle)
    found = changes(old, what.files)
    rows([asdict(each) for each in found], output, "nothing would change")
    now = store.current or "nothing"
    if what.version != store.current:
        say(f"{bundle.name} in {bundle.target}: {now} is deployed, {what.version} would be")
    return 0


def rollback(folder: Path, version: str | None, target: str | None, data: Path | None) -> int:
    """Make an earlier version the current one: the one named, else the one before."""
    bundle = load(folder, target)
    if not is_here(bundle):
        todo = "Check out the version you want, and deploy it."
        raise LakehouseError("a workspace keeps one version only", f"target {bundle.target}", todo)
    store = store_of(bundle, data)
    with store.locked():
        if version is None:
            others = [each.version for each in store.history if each.version != store.current]
            if not others:
                raise LakehouseError("there is no earlier version", shown(store.folder))
            version = others[-1]
        chosen = store.known(version)
        unpacked(store.archive(chosen), store.files(chosen))
        store.made_current(chosen, "rollback")
    say(f"{bundle.name} in {bundle.target}: {chosen} is deployed again")
    return 0


def destroy(
    folder: Path, target: str | None, variables: Mapping[str, str], data: Path | None, sure: bool
) -> int:
    """Remove what is deployed; the records of runs and all tables stay."""
    bundle = load(folder, target, variables)
    if not is_here(bundle):
        return call("destroy", bundle, variables, ("--auto-approve",) if sure else ())
    store = store_of(bundle, data)
    versions = store.versions()
    if not versions:
        say(f"{bundle.name} in {bundle.target}: nothing is deployed")
        return 0
    if not sure:
        raise LakehouseError(
            f"{len(versions)} versions of {bundle.name} in {bundle.target} would be removed",
            shown(store.folder),
            "Say --yes if they should be.",
        )
    with store.locked():
        store.remove()
    say(f"{bundle.name} in {bundle.target}: {len(versions)} versions are removed")
    return 0


def run_archive(
    what: Path, job: str, target: str | None, data: Path | None, flags: Sequence[str]
) -> int:
    """Run a job from an archive alone, in a Python of its own; return the exit code.

    `what` is the archive, or the folder of a bundle that is deployed here: then its relative
    folders are those of the checkout. Raises LakehouseError for an archive that was changed.
    """
    placed = [f"--data={data.absolute()}"] if data is not None else []
    mend = f"--mend=lakehouse bundle repair {what}"
    if what.suffix == ".zip":
        with tempfile.TemporaryDirectory(prefix="lakehouse-deployed-") as place:
            folder = unpacked(what, Path(place) / "unpacked")
            return _started(folder, [job, mend, *placed, *flags])
    bundle = load(what, target)
    store = store_of(bundle, data)
    if not store.current:
        todo = f"Deploy it first: lakehouse bundle deploy {what} --target {bundle.target}"
        raise LakehouseError("nothing is deployed", f"{bundle.name} in {bundle.target}", todo)
    folder = unpacked(store.archive(store.current), store.files(store.current))
    mend += f" --deployed --target {bundle.target}"
    return _started(folder, [job, mend, f"--home={_home(bundle.root)}", *placed, *flags])


def _home(root: Path) -> Path:
    """Return what relative folders of the settings are in: the folder that holds `conf`."""
    try:
        return find_conf(root).resolve().parent
    except LakehouseError:
        return root


def _started(folder: Path, arguments: Sequence[str]) -> int:
    """Run main.py of a deployment and wait for it.

    Ctrl-C reaches it by itself, as it has the same terminal; SIGTERM is handed on.
    """
    process = subprocess.Popen([sys.executable, "-B", str(folder / "main.py"), *arguments])
    before = None
    if threading.current_thread() is threading.main_thread():
        before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
