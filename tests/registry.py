"""A registry of schemas on loopback, as far as readers ask it."""

from __future__ import annotations

import base64
import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import fastavro

Schema = dict[str, Any]


@dataclass
class Registry:
    """What it knows, by the path that it is asked for; `asked` are the paths, in order."""

    address: str
    answers: dict[str, object] = field(default_factory=lambda: {"/subjects": []})
    asked: list[str] = field(default_factory=list)
    is_up: bool = True

    def register(self, number: int, schema: Schema, **more: object) -> None:
        """A schema under a number."""
        self.answers[f"/schemas/ids/{number}"] = {"schema": json.dumps(schema), **more}

    def subject(self, name: str, schema: Schema) -> None:
        """The first version of a schema that others name."""
        self.answers[f"/subjects/{name}/versions/1"] = {"schema": json.dumps(schema)}


@contextmanager
def registry(user: str = "", password: str = "") -> Iterator[Registry]:
    """Starts one, that may ask for a user."""
    wanted = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}" if user else None

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.asked.append(self.path)
            if not known.is_up:
                self.send_error(503)
                return
            if wanted and self.headers["Authorization"] != wanted:
                self.send_error(401)
                return
            if self.path not in known.answers:
                self.send_error(404)
                return
            text = json.dumps(known.answers[self.path]).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Registry(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()


def framed(number: int, content: bytes) -> bytes:
    """A message that names its schema."""
    return b"\0" + struct.pack(">I", number) + content


def avro(number: int, schema: Schema, value: object) -> bytes:
    """A message of Avro."""
    out = BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return framed(number, out.getvalue())
