"""Run a job of this deployment: `python main.py JOB`, or `spark-submit ... main.py JOB`.

Stands in the archive beside the manifest. It uses nothing but Python itself until every file
has been found to be the one that was deployed; then the wheels of the archive take over.
"""

import hashlib
import json
import os
import sys
from pathlib import Path


def verify(folder: Path) -> list[str]:
    """Return what is not as it was deployed: changed, missing and added files, a line each."""
    sums = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    wrong = []
    for name, expected in sorted(sums.items()):
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            wrong.append(f"{name} was changed")
    for above, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each != "__pycache__"]
        for name in names:
            path = (Path(above) / name).relative_to(folder).as_posix()
            if path not in sums and path != "manifest.json" and not name.endswith(".crc"):
                wrong.append(f"{path} was added")
    return wrong


def start() -> None:
    """Verify the files beside this one, then run the job that the arguments name."""
    folder = Path(__file__).resolve().parent
    try:
        wrong = verify(folder)
    except (OSError, ValueError, KeyError) as error:
        wrong = [f"manifest.json cannot be read: {error}"]
    if wrong:
        told = "\n".join(f"  {each}" for each in wrong)
        sys.exit(f"error: {folder} is not what was deployed:\n{told}\nDeploy it again.")
    sys.dont_write_bytecode = True
    sys.path[:0] = sorted(str(each) for each in (folder / "py-files").glob("*.zip"))
    from lakehouse.ship.entry import main

    sys.exit(main(folder, sys.argv[1:]))


if __name__ == "__main__":
    start()
