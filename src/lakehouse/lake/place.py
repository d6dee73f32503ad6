"""Where things are: the one page that knows folders from three-level names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from lakehouse.base.settings import Settings
from lakehouse.lake.files import local_path


def beside(name: str, build: int) -> str:
    """What a build of a table is called while it is made beside the one that serves."""
    return f"{name}__{build}"


@dataclass(frozen=True)
class Place:
    """Names of tables, folders of checkpoints and arrivals, as the settings place them."""

    root: str
    landing: str
    catalog: str = ""

    @staticmethod
    def of(settings: Settings) -> Place:
        """The place that the settings describe."""
        return Place(settings.lake.root, settings.landing, settings.lake.catalog)

    @property
    def is_local(self) -> bool:
        """Whether tables are folders of this machine."""
        return not self.catalog and local_path(self.root) is not None

    def table(self, name: str) -> str:
        """What Spark calls the table: catalog.layer.name, or delta.`folder`."""
        if self.catalog:
            return f"{self.catalog}.{name}"
        escaped = self.folder(name).replace("`", "``")
        return f"delta.`{escaped}`"

    def folder(self, name: str) -> str:
        """The folder of a table that has no catalog."""
        layer, _, short = name.partition(".")
        return f"{self.root}/{layer}/{short}"

    def checkpoint(self, name: str, build: int = 1, topic: str = "") -> str:
        """The checkpoint of the query that fills a table, from a topic where it reads one; never
        inside the table's folder."""
        query = name if build == 1 else beside(name, build)
        return f"{self.root}/_checkpoints/{query}{f'@{topic}' if topic else ''}"

    def snapshots(self, source: str, keys: Sequence[str]) -> str:
        """The folder of the snapshots of a source whose rows are told apart by these keys: by
        others they cannot be compared."""
        digest = sha256(json.dumps(list(keys)).encode()).hexdigest()[:12]
        return f"{self.root}/_snapshots/{source}-{digest}"

    def arrivals(self, source: str) -> str:
        """The folder where a source's files arrive."""
        return f"{self.landing}/{source}"

    def pin(self, name: str, id_: str, version: int) -> str:
        """The copy of a version that is kept for good: a table of the catalog, or a folder."""
        if self.catalog:
            return f"{self.catalog}.{name}__{id_[:8]}_v{version}"
        return f"{self.root}/_pins/{name}/{id_}/{version}"
