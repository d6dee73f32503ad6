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
from lakehouse.bundle.data_folder import data_folder, home_of
from lakehouse.bundle.faults import BundleError, errors
from lakehouse.bundle.files import shown
from lakehouse.bundle.load import Bundle, is_here, load
from lakehouse.bundle.validate import validate
from lakehouse.ship.archive import manifest, unpack, write_archive
from lakehouse.ship.changes import changes
from lakehouse.ship.contents import Contents, contents
from lakehouse.ship.databricks_cli import call
from lakehouse.ship.store import Store
from lakehouse.terminal.messages import say
from lakehouse.terminal.output import Output, write
from lakehouse.terminal.rows import Rows


def _faultless(folder: Path, target: str | None, variables: Mapping[str, str]) -> Bundle:
    """Return a bundle that has no errors; raise BundleError with all of them otherwise."""
    bundle = load(folder, target, variables)
    faults = errors(validate(folder, bundle.target, variables))
    if is_here(bundle):  # what runs here needs no compute of Databricks
        faults = tuple(fault for fault in faults if fault.code != "no-compute")
    if faults:
        raise BundleError(shown(bundle.root), faults)
    return bundle


def store_of(bundle: Bundle, data: Path | None) -> Store:
    """Return where the deployments of a bundle's target are stored."""
    return Store(data_folder(bundle.root, bundle.target, data), bundle.name, bundle.target)


def deploy(
    folder: Path,
    target: str | None,
    variables: Mapping[str, str],
    data: Path | None,
    extra: Sequence[str] = (),
) -> int:
    """Deploy a bundle: here as an archive, to a workspace through the Databricks CLI."""
    bundle = _faultless(folder, target, variables)
    if not is_here(bundle):
        return call("deploy", bundle, variables, extra)
    store = store_of(bundle, data)
    with store.locked():
        new = contents(bundle)
        if new.version == store.current:
            manifest(store.archive(new.version))
            unpack(store.archive(new.version), store.files(new.version))
            say(f"{bundle.name} in {bundle.target}: nothing has changed since {new.version}")
            return 0
        ship(new, store)
    say(f"{bundle.name} in {bundle.target}: {new.version} is deployed")
    print(store.archive(new.version))
    return 0


def ship(new: Contents, store: Store) -> None:
    """Write the archive, unpack it, and make it the current version: the last step decides."""
    path = store.archive(new.version)
    write_archive(new, path)
    unpack(path, store.files(new.version))
    store.set_current(new.version, "deploy")


def plan(
    folder: Path,
    target: str | None,
    variables: Mapping[str, str],
    data: Path | None,
    output: Output,
) -> int:
    """Print what a deployment would change."""
    bundle = _faultless(folder, target, variables)
    if not is_here(bundle):
        return call("plan", bundle, variables)
    store = store_of(bundle, data)
    old: dict[str, bytes] = {}
    if store.current:
        path = store.archive(store.current)
        manifest(path)
        with zipfile.ZipFile(path) as archive:
            old = {name: archive.read(name) for name in archive.namelist()}
    new = contents(bundle)
    if not write(Rows.of([asdict(each) for each in changes(old, new.files)]), output):
        say("nothing would change")
    now = store.current or "nothing"
    if new.version != store.current:
        say(f"{bundle.name} in {bundle.target}: {now} is deployed, {new.version} would be")
    return 0


def rollback(folder: Path, version: str | None, target: str | None, data: Path | None) -> int:
    """Make an earlier version the current one: the one named, else the one before."""
    bundle = load(folder, target)
    if not is_here(bundle):
        todo = "Check out the version you want, and deploy it."
        raise LakehouseError("a workspace has one version only", f"target {bundle.target}", todo)
    store = store_of(bundle, data)
    with store.locked():
        if version is None:
            others = [each.version for each in store.history if each.version != store.current]
            if not others:
                raise LakehouseError("there is no earlier version", shown(store.folder))
            version = others[-1]
        version = store.version(version)
        unpack(store.archive(version), store.files(version))
        store.set_current(version, "rollback")
    say(f"{bundle.name} in {bundle.target}: {version} is deployed again")
    return 0


def destroy(
    folder: Path,
    target: str | None,
    variables: Mapping[str, str],
    data: Path | None,
    confirmed: bool,
) -> int:
    """Remove what is deployed, if that is `confirmed`; the records of runs and all tables stay."""
    bundle = load(folder, target, variables)
    if not is_here(bundle):
        return call("destroy", bundle, variables, ("--auto-approve",) if confirmed else ())
    store = store_of(bundle, data)
    versions = store.versions()
    if not versions:
        say(f"{bundle.name} in {bundle.target}: nothing is deployed")
        return 0
    if not confirmed:
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
    bundle: Path, job: str, target: str | None, data: Path | None, options: Sequence[str]
) -> int:
    """Run a job from an archive alone, in a Python of its own; return the exit code.

    `bundle` is the archive, or the folder of a bundle that is deployed here: then its relative
    folders are those of the checkout. Raises LakehouseError for an archive that was changed.
    """
    options = [*([f"--data={data.absolute()}"] if data is not None else []), *options]
    repair = f"--repair-command=lakehouse bundle repair {bundle}"
    if bundle.suffix == ".zip":
        with tempfile.TemporaryDirectory(prefix="lakehouse-deployed-") as place:
            folder = unpack(bundle, Path(place) / "unpacked")
            return _run_main(folder, [job, repair, *options])
    source = load(bundle, target)
    store = store_of(source, data)
    if not store.current:
        todo = f"Deploy it first: lakehouse bundle deploy {bundle} --target {source.target}"
        raise LakehouseError("nothing is deployed", f"{source.name} in {source.target}", todo)
    folder = unpack(store.archive(store.current), store.files(store.current))
    repair += f" --deployed --target {source.target}"
    return _run_main(folder, [job, repair, f"--home={home_of(source.root)}", *options])


def _run_main(folder: Path, arguments: Sequence[str]) -> int:
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
