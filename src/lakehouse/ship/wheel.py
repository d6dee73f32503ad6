"""The wheel of a bundle's artifact, with a version that says what is in it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.ship.sources import listed

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can say


@dataclass(frozen=True)
class Wheel:
    """A wheel: its file name, its bytes, and its distribution's name and version."""

    file: str
    content: bytes
    name: str
    version: str


def build(folder: Path) -> Wheel:
    """Build the wheel of the project in `folder`, without touching the folder or the network.

    The same sources give the same bytes, and other sources another version. Raises LakehouseError
    with what the build said where it fails.
    """
    with tempfile.TemporaryDirectory(prefix="lakehouse-wheel-") as place:
        sources, built = Path(place) / "sources", Path(place) / "built"
        for path in listed(folder):
            copy = sources / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / path, copy)
        command = [
            sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
            "--disable-pip-version-check", "--wheel-dir", str(built), str(sources),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = sorted(built.glob("*.whl")) if built.is_dir() else []
        if done.returncode or len(found) != 1:
            said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no wheel was made"]
            raise LakehouseError(f"the wheel cannot be built: {said[0]}", str(folder))
        return stamped(found[0].name, found[0].read_bytes())


def stamped(file: str, content: bytes) -> Wheel:
    """Return a wheel under a version made from its content: `0.1.0+<12 hexadecimal digits>`.

    What it holds is written in one order, with one date, so that equal sources are equal bytes.
    """
    name, old, *tags = file.removesuffix(".whl").split("-")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {each: archive.read(each) for each in archive.namelist() if each[-1] != "/"}
    info = f"{name}-{old}.dist-info/"
    parts = {path: data for path, data in files.items() if path != f"{info}RECORD"}
    digest = hashlib.sha256()
    for path in sorted(parts):
        digest.update(f"{path}\0{hashlib.sha256(parts[path]).hexdigest()}\n".encode())
    version = f"{old.split('+')[0]}+{digest.hexdigest()[:12]}"
    fresh = f"{name}-{version}.dist-info/"
    renamed = {
        (fresh + path.removeprefix(info) if path.startswith(info) else path): data
        for path, data in parts.items()
    }
    metadata = renamed[f"{fresh}METADATA"].decode()
    metadata = re.sub(r"^Version: .*$", f"Version: {version}", metadata, count=1, flags=re.M)
    renamed[f"{fresh}METADATA"] = metadata.encode()
    renamed[f"{fresh}RECORD"] = _record(renamed, f"{fresh}RECORD")
    return Wheel(f"{name}-{version}-{'-'.join(tags)}.whl", zipped(renamed), name, version)


def _record(files: dict[str, bytes], own: str) -> bytes:
    lines = []
    for path in sorted(files):
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[path]).digest()).rstrip(b"=")
        lines.append(f"{path},sha256={digest.decode()},{len(files[path])}")
    return ("\n".join([*lines, f"{own},,"]) + "\n").encode()


def zipped(files: Mapping[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return files as a zip archive whose bytes depend on their names and contents only.

    With `kind` ZIP_STORED they do not depend on the version of zlib either.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.compress_type = kind
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, files[path])
    return buffer.getvalue()
