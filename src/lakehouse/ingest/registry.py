"""Messages that were written by a schema of a registry, read by it.

Such a message is a zero, the number of its schema in four bytes, and its content: JSON, or Avro,
which says nothing of itself. Confluent's registry laid it out so, and others speak the same:
https://docs.confluent.io/platform/7.9/schema-registry/fundamentals/serdes-develop/index.html#wire-format

What it becomes is a record of JSON as any other, so that nothing below can tell how it came.
"""

from __future__ import annotations

import base64
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from lakehouse.base.arrival_settings import KafkaSettings
from lakehouse.base.errors import LakehouseError
from lakehouse.base.secrets import named, resolved
from lakehouse.ingest.decode import Read, Reader

WAIT = 4.0
"""Seconds that a registry may take to answer."""


def registered_reader(kafka: KafkaSettings, plain: Reader) -> Reader:
    """What gives the record of a message; one that names no schema is left to `plain`.

    A message that its schema cannot read, or whose schema the registry does not know, is no record:
    its bytes are given back. Raises LakehouseError where the registry does not answer now; the
    reader raises ConnectionError where it does not later.

    The reader is of functions of its own, as `decode.decoder` says.
    """
    address, word = kafka.registry.rstrip("/"), authorization(kafka)
    wait = WAIT

    def ask(path: str) -> Any:
        """What the registry answers; None where it does not know."""
        request = urllib.request.Request(f"{address}{path}", headers=word)
        try:
            with urllib.request.urlopen(request, timeout=wait) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise ConnectionError(f"asked the schema registry at {address}: {error}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise ConnectionError(f"asked the schema registry at {address}: {reason}") from None

    def parsed(about: Any, known: dict[str, Any]) -> Any:
        """The Avro schema that an answer holds, with those that it names."""
        import fastavro

        for each in about.get("references", ()):
            found = ask(f"/subjects/{each['subject']}/versions/{each['version']}")
            parsed(found or {"schema": "{}"}, known)
        return fastavro.parse_schema(json.loads(about["schema"]), known)

    schemas: dict[int, tuple[str, Any]] = {}

    def schema_of(number: int) -> tuple[str, Any]:
        """The kind of a schema and what is read by it; no kind where it cannot be read by."""
        if number not in schemas:
            about = ask(f"/schemas/ids/{number}")
            kind = "" if about is None else about.get("schemaType", "AVRO")
            try:
                schemas[number] = kind, parsed(about, {}) if kind == "AVRO" else None
            except ConnectionError:
                raise
            except Exception:  # whatever is wrong with it: no message of it can be read
                schemas[number] = "", None
        return schemas[number]

    def as_text(value: Any) -> str:
        """A value of Avro that JSON has not, as text that a source reads as its type."""
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)

    def read(value: bytes | None) -> Iterator[Read]:
        if not value or value[0] or len(value) < 5:
            yield from plain(value)
            return
        kind, schema = schema_of(int.from_bytes(value[1:5], "big"))
        try:
            if kind == "JSON":
                text = value[5:].decode()
            elif kind == "AVRO":
                import fastavro

                content = io.BytesIO(value[5:])
                found = fastavro.schemaless_reader(content, schema, None)
                if content.read(1):
                    raise ValueError("more than its schema says")
                text = json.dumps(found, default=as_text, ensure_ascii=False)
            else:
                raise ValueError("of a kind that is not read")
        except Exception:  # a message says of itself what it likes
            yield None, value
        else:
            yield text, None

    try:
        ask("/subjects")
    except ConnectionError as error:
        raise LakehouseError(
            str(error),
            "kafka.registry",
            "see that it is up and who may ask it: kafka.registry_user, kafka.registry_password",
        ) from None
    return read


def authorization(kafka: KafkaSettings) -> dict[str, str]:
    """The header that says who asks the registry; empty where nobody is named."""
    if not kafka.registry_user:
        return {}
    user = resolved(kafka.registry_user, "kafka.registry_user")
    password = named(kafka.registry_password, "kafka.registry_password")
    told = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {told}"}
