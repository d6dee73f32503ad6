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
        return stamp(wheels[0].name, wheels[0].read_bytes())


def stamp(file: str, content: bytes) -> Wheel:
    """Return a wheel under a version made from its content: `0.1.0+<12 hexadecimal digits>`.

    Its files are written in one order, with one date, so that equal sources are equal bytes.
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
    return Wheel(f"{name}-{version}-{'-'.join(tags)}.whl", zip_bytes(renamed), name, version)


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
