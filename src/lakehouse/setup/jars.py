"""The jars of a lock, fetched into a folder, each checked against its SHA-256.

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
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.base.errors import LakehouseError

CENTRAL = "https://repo1.maven.org/maven2"
ATTEMPTS = 3

LOCK = Path(__file__).with_name("jars.lock")
"""What Spark needs beside its own jars: `group:artifact:version` and SHA-256, a line each."""

S3_LOCK = Path(__file__).with_name("s3.lock")
"""What reading and writing S3 needs beside those."""

BROKER_LOCK = Path(__file__).with_name("broker.lock")
"""What a broker of Kafka is made of."""

MARK = "made-from"
"""The file that says which lock a folder was filled from."""


@dataclass(frozen=True)
class Jar:
    """A jar in a Maven repository."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """What its file is called."""
        return f"{self.name}-{self.version}.jar"

    @property
    def path(self) -> str:
        """Where it lies in a repository."""
        return f"{self.group.replace('.', '/')}/{self.name}/{self.version}/{self.file}"

    def is_whole(self, path: Path) -> bool:
        """Whether a file is this jar, byte by byte."""
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


@dataclass(frozen=True)
class Repository:
    """Where jars are fetched from, and the headers that its server wants."""

    url: str = CENTRAL
    headers: dict[str, str] = field(default_factory=dict)


def are_there(folder: Path, lock: Path = LOCK) -> bool:
    """Whether a folder was filled with the jars of a lock. Looks at no jar."""
    mark = folder / MARK
    return mark.is_file() and mark.read_text("utf-8") == lock.read_text("utf-8")


def fetch(folder: Path, lock: Path = LOCK, environment: Mapping[str, str] = os.environ) -> None:
    """Fill a folder with the jars of a lock, and take others out of it.

    Raises LakehouseError with a sentence for each jar that could not be had, or is another file.
    """
    jars = read_lock(lock.read_text("utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    maven = Path(environment.get("HOME", "~")).expanduser() / ".m2"
    repository = choose_repository(maven / "settings.xml", environment)
    with ThreadPoolExecutor(4) as pool:
        told = pool.map(lambda jar: _fetch_one(jar, folder, maven, repository, lock), jars)
        wrong = [each for each in told if each]
    if wrong:
        raise LakehouseError(
            "; ".join(wrong),
            str(folder),
            "see docs/setup.md for mirrors and proxies",
        )
    wanted = {jar.file for jar in jars}
    for path in folder.glob("*.jar"):
        if path.name not in wanted:
            path.unlink()
    (folder / MARK).write_text(lock.read_text("utf-8"), "utf-8")


def read_lock(text: str) -> list[Jar]:
    """The jars that a lock names."""
    lines = (line.replace(":", " ").split() for line in text.splitlines())
    return [Jar(group, name, version, sha256) for group, name, version, sha256 in lines]


def choose_repository(settings: Path, environment: Mapping[str, str]) -> Repository:
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
        if url and _mirrors_central(mirror.findtext("{*}mirrorOf", "")):
            return Repository(url, _credentials(root, mirror.findtext("{*}id", "").strip()))
    return Repository()


def _mirrors_central(mirror_of: str) -> bool:
    """Maven's own words: a list of ids, `*`, `external:*`, and `!id` for what is left out."""
    words = [word.strip() for word in mirror_of.split(",")]
    if "!central" in words:
        return False
    return any(fnmatch.fnmatch("central", word.removeprefix("external:")) for word in words)


def _credentials(root: ElementTree.Element, server_id: str) -> dict[str, str]:
    for server in root.findall("{*}servers/{*}server"):
        if server.findtext("{*}id", "").strip() == server_id:
            user, password = server.findtext("{*}username"), server.findtext("{*}password")
            if user and password:
                pair = base64.b64encode(f"{user}:{password}".encode()).decode()
                return {"Authorization": f"Basic {pair}"}
    return {}


def _fetch_one(jar: Jar, folder: Path, maven: Path, repository: Repository, lock: Path) -> str:
    """Put one jar into the folder; what was wrong, or nothing."""
    target = folder / jar.file
    if jar.is_whole(target):
        return ""
    part = target.with_suffix(f".{os.getpid()}.part")
    at_home = maven / "repository" / jar.path
    said = ""
    if jar.is_whole(at_home):
        shutil.copyfile(at_home, part)
    else:
        said = _download(f"{repository.url}/{jar.path}", repository.headers, part)
    if not said and not jar.is_whole(part):
        said = f"{repository.url}/{jar.path} is not the file that {lock.name} names"
    if said:
        part.unlink(missing_ok=True)
        return said
    part.replace(target)
    return ""


def _download(url: str, headers: dict[str, str], target: Path) -> str:
    request = urllib.request.Request(url, headers={"User-Agent": "lakehouse-setup", **headers})
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with (
                urllib.request.urlopen(request, timeout=60, context=_trust()) as answer,
                target.open("wb") as file,
            ):
                shutil.copyfileobj(answer, file)
            return ""
        except OSError as error:
            said = f"{url} could not be had: {error}"
            time.sleep(attempt)
    return said


def _trust() -> ssl.SSLContext:
    """The system's certificates, and certifi's where Python was installed without any."""
    context = ssl.create_default_context()
    try:
        import certifi

        context.load_verify_locations(certifi.where())
    except ImportError:
        pass
    return context
