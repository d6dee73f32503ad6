"""Run a job of this deployment: `python main.py JOB`, or `spark-submit ... main.py JOB`.

Stands in the archive beside the manifest. Until every file is verified it uses nothing but Python
itself; then it imports the wheels of the archive.
"""

import hashlib
import json
import os
import sys
from pathlib import Path


def verify(folder: Path) -> list[str]:
    """Return what is not as it was deployed: changed, missing and added files, a line each."""
    checksums = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    changes = []
    for name, checksum in sorted(checksums.items()):
        path = folder / name
        if not path.is_file():
            changes.append(f"{name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != checksum:
            changes.append(f"{name} was changed")
    for above, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each != "__pycache__"]
        for name in names:
            path = (Path(above) / name).relative_to(folder).as_posix()
            if path not in checksums and path != "manifest.json" and not name.endswith(".crc"):
                changes.append(f"{path} was added")
    return changes


def start() -> None:
    """Verify the files beside this one, then run the job that the arguments name."""
    folder = Path(__file__).resolve().parent
    try:
        changes = verify(folder)
    except (OSError, ValueError, KeyError) as error:
        changes = [f"manifest.json cannot be read: {error}"]
    if changes:
        lines = "\n".join(f"  {each}" for each in changes)
        sys.exit(f"error: {folder} is not what was deployed:\n{lines}\nDeploy it again.")
    sys.dont_write_bytecode = True
    sys.path[:0] = sorted(str(each) for each in (folder / "py-files").glob("*.zip"))
    from lakehouse.ship.entry import main

    sys.exit(main(folder, sys.argv[1:]))


if __name__ == "__main__":
    start()
