"""Fetch the jars of a lock (scripts/jars.lock) into a folder, each checked against its SHA-256.

A jar that is there already is kept; one in the person's local Maven repository is copied. The rest
comes from the repository that the person's Maven settings or DEFAULT_ARTIFACT_REPOSITORY (Spark's
own variable) name, else from Maven Central. Proxies are taken from the environment.
"""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import os
import shutil
import ssl
import sys
import time
import urllib.request
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

CENTRAL = "https://repo1.maven.org/maven2"
LOCK = Path(__file__).with_name("jars.lock")
ATTEMPTS = 3


@dataclass(frozen=True)
class Jar:
    group: str
    name: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}.jar"

    @property
    def path(self) -> str:
        return f"{self.group.replace('.', '/')}/{self.name}/{self.version}/{self.file}"

    def is_whole(self, path: Path) -> bool:
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


@dataclass(frozen=True)
class Repository:
    url: str = CENTRAL
    headers: dict[str, str] = field(default_factory=dict)


def main(folder: Path, environment: dict[str, str], lock: Path | None = None) -> int:
    lock = lock or LOCK
    jars = read_lock(lock.read_text("utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    maven = Path(environment.get("HOME", "~")).expanduser() / ".m2"
    repository = choose_repository(maven / "settings.xml", environment)
    with ThreadPoolExecutor(4) as pool:
        wrong = [
            said
            for said in pool.map(lambda jar: fetch(jar, folder, maven, repository, lock), jars)
            if said
        ]
    for said in wrong:
        print(said, file=sys.stderr)
    if not wrong:
        wanted = {jar.file for jar in jars}
        for path in folder.glob("*.jar"):
            if path.name not in wanted:
                path.unlink()
    return 1 if wrong else 0


def read_lock(text: str) -> list[Jar]:
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return [Jar(*coordinate.split(":"), sha256) for coordinate, sha256 in lines]


def choose_repository(settings: Path, environment: dict[str, str]) -> Repository:
    """The mirror that the person named, or Maven Central."""
    if named := environment.get("DEFAULT_ARTIFACT_REPOSITORY"):
        return Repository(named.rstrip("/"))
    if not settings.is_file():
        return Repository()
    try:
        root = ElementTree.parse(settings).getroot()
    except ElementTree.ParseError as error:
        print(f"{settings} is not read: {error}", file=sys.stderr)
        return Repository()
    for mirror in root.findall("{*}mirrors/{*}mirror"):
        url = mirror.findtext("{*}url", "").strip().rstrip("/")
        if url and mirrors_central(mirror.findtext("{*}mirrorOf", "")):
            return Repository(url, credentials(root, mirror.findtext("{*}id", "").strip()))
    return Repository()


def mirrors_central(mirror_of: str) -> bool:
    """Maven's own words: a list of ids, `*`, `external:*`, and `!id` for what is left out."""
    words = [word.strip() for word in mirror_of.split(",")]
    if "!central" in words:
        return False
    return any(fnmatch.fnmatch("central", word.removeprefix("external:")) for word in words)


def credentials(root: ElementTree.Element, server_id: str) -> dict[str, str]:
    for server in root.findall("{*}servers/{*}server"):
        if server.findtext("{*}id", "").strip() == server_id:
            user, password = server.findtext("{*}username"), server.findtext("{*}password")
            if user and password:
                pair = base64.b64encode(f"{user}:{password}".encode()).decode()
                return {"Authorization": f"Basic {pair}"}
    return {}


def fetch(jar: Jar, folder: Path, maven: Path, repository: Repository, lock: Path) -> str:
    """Put one jar into the folder; what was wrong, or nothing."""
    target = folder / jar.file
    if jar.is_whole(target):
        return ""
    part = target.with_suffix(".part")
    at_home = maven / "repository" / jar.path
    said = ""
    if jar.is_whole(at_home):
        shutil.copyfile(at_home, part)
    else:
        said = download(f"{repository.url}/{jar.path}", repository.headers, part)
    if not said and not jar.is_whole(part):
        said = f"{repository.url}/{jar.path} is not the file that {lock.name} names"
    if said:
        part.unlink(missing_ok=True)
        return said
    part.replace(target)
    return ""


def download(url: str, headers: dict[str, str], target: Path) -> str:
    request = urllib.request.Request(url, headers={"User-Agent": "lakehouse-setup", **headers})
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with (
                urllib.request.urlopen(request, timeout=60, context=trust()) as answer,
                target.open("wb") as file,
            ):
                shutil.copyfileobj(answer, file)
            return ""
        except OSError as error:
            said = f"{url} could not be had: {error}"
            time.sleep(attempt)
    return said


def trust() -> ssl.SSLContext:
    """The system's certificates, and certifi's where Python was installed without any."""
    context = ssl.create_default_context()
    try:
        import certifi

        context.load_verify_locations(certifi.where())
    except ImportError:
        pass
    return context


if __name__ == "__main__":
    place, *locks = map(Path, sys.argv[1:])
    sys.exit(main(place, dict(os.environ), *locks))
