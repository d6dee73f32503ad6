"""The wheel of a bundle's artifact, with a version that is a hash of its content."""

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
from lakehouse.ship.sources import source_files

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
    with the last line of the build where it fails.
    """
    with tempfile.TemporaryDirectory(prefix="lakehouse-wheel-") as place:
        sources, output = Path(place) / "sources", Path(place) / "output"
        for path in source_files(folder):
            copy = sources / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / path, copy)
        command = [
            sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
            "--disable-pip-version-check", "--wheel-dir", str(output), str(sources),
        ]  # fmt: skip
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = sorted(output.glob("*.whl")) if output.is_dir() else []
        if process.returncode or len(wheels) != 1:
            lines = (process.stderr or process.stdout).strip().splitlines()
            error = lines[-1] if lines else "no wheel was made"
            raise LakehouseError(f"the wheel cannot be built: {error}", str(folder))
        return stamp(wheels[0].name, unpacked(wheels[0].read_bytes()))


def wheel_in(path: Path) -> Wheel:
    """Return a wheel that was built before, as it is."""
    name, version, *_ = path.name.removesuffix(".whl").split("-")
    return Wheel(path.name, path.read_bytes(), name, version)


def unpacked(content: bytes) -> dict[str, bytes]:
    """Return the files of a wheel, by path."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {each: archive.read(each) for each in archive.namelist() if each[-1] != "/"}


def stamp(file: str, files: Mapping[str, bytes]) -> Wheel:
    """Return a wheel under a version made from its files: `0.1.0+<12 hexadecimal digits>`.

    These are written in one order, with one date, so that equal sources are equal bytes.
    """
    name, old, *tags = file.removesuffix(".whl").split("-")
    base = old.split("+")[0]
    parts = _of_version(files, name, old, base)
    digest = hashlib.sha256()
    for path in sorted(parts):
        digest.update(f"{path}\0{hashlib.sha256(parts[path]).hexdigest()}\n".encode())
    version = f"{base}+{digest.hexdigest()[:12]}"
    renamed = _of_version(parts, name, base, version)
    record = f"{name}-{version}.dist-info/RECORD"
    renamed[record] = _record(renamed, record)
    return Wheel(f"{name}-{version}-{'-'.join(tags)}.whl", zip_bytes(renamed), name, version)


def _of_version(files: Mapping[str, bytes], name: str, old: str, new: str) -> dict[str, bytes]:
    """The files of a wheel as another version has them, but for the RECORD of what they are."""
    before, after = f"{name}-{old}.dist-info/", f"{name}-{new}.dist-info/"
    renamed = {
        (after + path.removeprefix(before) if path.startswith(before) else path): content
        for path, content in files.items()
        if path != f"{before}RECORD"
    }
    metadata = renamed[f"{after}METADATA"].decode()
    metadata = re.sub(r"^Version: .*$", f"Version: {new}", metadata, count=1, flags=re.M)
    renamed[f"{after}METADATA"] = metadata.encode()
    return renamed


def _record(files: dict[str, bytes], own: str) -> bytes:
    lines = []
    for path in sorted(files):
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[path]).digest()).rstrip(b"=")
        lines.append(f"{path},sha256={digest.decode()},{len(files[path])}")
    return ("\n".join([*lines, f"{own},,"]) + "\n").encode()


def zip_bytes(files: Mapping[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
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
