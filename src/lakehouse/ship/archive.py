"""One versioned archive: written whole or not at all, and refused if a byte of it was changed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError
from lakehouse.ship.contents import FORMAT, MANIFEST, Contents, version_of
from lakehouse.ship.main import verify
from lakehouse.ship.wheel import zip_bytes

_DEPLOY_AGAIN = "Deploy it again, or roll back to another version."


def write_archive(contents: Contents, path: Path) -> None:
    """Write an archive, whole or not at all: the same contents are the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".archive.")
    with os.fdopen(handle, "wb") as file:
        file.write(pack(contents.files))
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the one archive that there is for these files.

    Nothing is compressed: the wheels are compressed already, and in this way every changed byte
    is noticed, those between the files included.
    """
    return zip_bytes(files, zipfile.ZIP_STORED)


def manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of an archive whose files are all as the manifest says.

    Raises LakehouseError for an archive that is broken or was changed, with the files' names.
    """
    changes: list[str] = []
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            head: dict[str, Any] = json.loads(archive.read(MANIFEST))
            names = set(archive.namelist()) - {MANIFEST}
            for name, checksum in head["files"].items():
                if name not in names:
                    changes.append(f"{name} is missing")
                elif _checksum(archive, name) != checksum:
                    changes.append(f"{name} was changed")
            changes += [f"{name} was added" for name in sorted(names - set(head["files"]))]
            if not changes and version_of(head["files"]) != head["version"]:
                changes.append(f"{MANIFEST} was changed")
            if not changes and pack({n: archive.read(n) for n in archive.namelist()}) != content:
                changes.append("a byte between its files was changed")
    except FileNotFoundError:
        raise LakehouseError("the archive is not there", str(path), _DEPLOY_AGAIN) from None
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        raise LakehouseError(f"the archive is broken: {error}", str(path), _DEPLOY_AGAIN) from None
    if changes:
        what = f"the archive was changed: {', '.join(changes[:5])}"
        raise LakehouseError(what, str(path), _DEPLOY_AGAIN)
    if head.get("format") != FORMAT:
        what = f"format {head.get('format')!r} is not known"
        raise LakehouseError(what, str(path), "Use the version of lakehouse that made it.")
    return head


def _checksum(archive: zipfile.ZipFile, name: str) -> str:
    try:
        return hashlib.sha256(archive.read(name)).hexdigest()
    except Exception:  # whatever zlib finds: the bytes are not those that were written
        return ""


def unpack(path: Path, folder: Path) -> Path:
    """Unpack an archive into `folder`, which is returned.

    The archive is verified first. A folder that holds the same files already is left as it is; one
    whose files were changed is replaced.
    """
    manifest(path)
    if folder.is_dir():
        try:
            if not verify(folder):
                return folder
        except (OSError, ValueError, KeyError):
            pass
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpacking.") as place:
        whole = Path(place) / "files"
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.startswith("/") or ".." in Path(name).parts:
                    raise LakehouseError(f"{name!r} points outside the archive", str(path))
            archive.extractall(whole)
        whole.rename(folder)
    return folder
