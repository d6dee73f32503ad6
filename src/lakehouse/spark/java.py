"""Finding a Java that Spark runs on. Standard library only: set-up asks before Spark is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import LakehouseError

OLDEST, NEWEST = 17, 22
"""Spark 4.0 is made for Java 17 and 21; from 23 on Hadoop's log-in fails (JEP 486)."""

MODULE = "jdk.incubator.vector"
"""Spark names this module on its command line, and some cut-down runtimes lack it."""

USUAL_PLACES = (
    "/usr/lib/jvm/*",
    "/usr/java/*",
    "/opt/java/*",
    "/opt/jdk*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
    "/usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
    "~/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
)


@dataclass(frozen=True)
class Java:
    """A Java home and its feature version (17, 21, ...)."""

    home: Path
    version: int
    whole: bool = True
    """Whether the modules that Spark names are in it."""

    @property
    def fits(self) -> bool:
        """Whether Spark runs on it."""
        return self.whole and OLDEST <= self.version <= NEWEST


def find_java(environment: Mapping[str, str] = os.environ) -> Java:
    """The Java to run Spark on: JAVA_HOME, else the one on the PATH, else one in a usual place.

    One that is too old or too new is passed over for one that fits.
    Raises LakehouseError, which names the unfit ones and how to install one.
    """
    passed_over = []
    for java in _known(environment):
        if java.fits:
            return java
        passed_over.append(java)
    others = "; ".join(
        f"{java.home} is Java {java.version}" + ("" if java.whole else f" without {MODULE}")
        for java in passed_over[:3]
    )
    raise LakehouseError(
        f"no Java {OLDEST} to {NEWEST} found" + (f" ({others})" if others else ""),
        todo=f"Install one ({how_to_install()}), or name its folder in JAVA_HOME",
    )


def how_to_install(platform: str = sys.platform) -> str:
    """The command that installs a Java on this system, as far as its package manager tells."""
    words = install_command(platform)
    if not words:
        return "see https://adoptium.net"
    return " ".join(words if words[0] == "brew" or os.geteuid() == 0 else ("sudo", *words))


def install_command(platform: str = sys.platform) -> tuple[str, ...]:
    """The package manager's words to install a Java that fits; empty where none is known."""
    if platform == "darwin":
        return ("brew", "install", "openjdk@17") if shutil.which("brew") else ()
    for manager, words in (
        ("apt-get", ("install", "-y", "--no-install-recommends", _debian_package())),
        ("dnf", ("install", "-y", "java-21-openjdk-headless")),
        ("yum", ("install", "-y", "java-17-openjdk-headless")),
        ("apk", ("add", "openjdk17-jre-headless", "bash")),
        ("zypper", ("--non-interactive", "install", "java-17-openjdk-headless")),
        ("pacman", ("-S", "--noconfirm", "jre17-openjdk-headless")),
    ):
        if shutil.which(manager):
            return (manager, *words)
    return ()


def _debian_package() -> str:
    """Debian 12 and Ubuntu before 24.04 have 17, Debian 13 has 21 and no longer 17."""
    for version in (17, 21):
        package = f"openjdk-{version}-jre-headless"
        try:
            listed = subprocess.run(
                ("apt-cache", "policy", package), capture_output=True, text=True, check=False
            ).stdout
        except OSError:
            break
        if "Candidate:" in listed and "Candidate: (none)" not in listed:
            return package
    return "openjdk-17-jre-headless"


def _known(environment: Mapping[str, str]) -> Iterator[Java]:
    """Every Java here once, the one the person chose first, 17 and 21 before the others."""
    seen = set()
    chosen = [environment.get("JAVA_HOME", ""), _home_on_path(environment.get("PATH", ""))]
    for home in chosen:
        java = _look(Path(home)) if home else None
        if java and java.home not in seen:
            seen.add(java.home)
            yield java
    others = {java.home: java for java in map(_look, _usual_homes()) if java}
    best_first = sorted(
        others.values(), key=lambda java: (java.version not in (17, 21), java.version)
    )
    yield from (java for java in best_first if java.home not in seen)


def _home_on_path(path: str) -> str:
    """The home of the `java` on the PATH; by its own word, for it may be a shim or a stub."""
    command = shutil.which("java", path=path)
    if not command:
        return ""
    home = Path(command).resolve().parent.parent
    if (home / "release").is_file():
        return str(home)
    properties = _ask(command, "-XshowSettings:properties", "-version")
    named = re.search(r"^\s*java\.home = (.+)$", properties, re.MULTILINE)
    return named[1].strip() if named else ""


def _usual_homes() -> Iterator[Path]:
    for pattern in USUAL_PLACES:
        place = Path(pattern).expanduser()
        yield from sorted(Path(place.anchor).glob(str(place.relative_to(place.anchor))))


def _look(home: Path) -> Java | None:
    """The Java in `home`, or None if there is none that runs."""
    command = home / "bin" / "java"
    if not os.access(command, os.X_OK):
        return None
    release = home / "release"
    text = release.read_text("utf-8", errors="replace") if release.is_file() else ""
    stated = re.search(r'^JAVA_VERSION="([^"]+)"', text, re.MULTILINE)
    version = stated or re.search(r'version "([^"]+)"', _ask(str(command), "-version"))
    if not version:
        return None
    modules = re.search(r'^MODULES="([^"]+)"', text, re.MULTILINE)
    whole = modules is None or MODULE in modules[1].split()
    return Java(home.resolve(), _feature(version[1]), whole)


def _feature(version: str) -> int:
    """17 for "17.0.15", 8 for "1.8.0_392", 21 for "21-ea"."""
    numbers = re.findall(r"\d+", version)
    return int(numbers[1] if numbers[0] == "1" and len(numbers) > 1 else numbers[0])


def _ask(*command: str) -> str:
    """What a command prints on either stream; empty if it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stderr + done.stdout
