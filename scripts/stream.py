"""The recorded year as messages, and every table kept up to date: a broker, a replay at SPEED times
the pace of what happened, and `lakehouse stream`, until Ctrl-C. Called by `make stream`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import ExitStack

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import load
from lakehouse.setup.broker import broker, fetch


def main(target: str, speed: str, until: str) -> int:
    settings = load(target)
    folder = settings.data_folder / "kafka"
    port = int(settings.kafka.servers.rpartition(":")[2])
    lakehouse = [sys.executable, "-m", "lakehouse", "--target", target]
    replay = [*lakehouse, "replay", "--speed", speed, *(["--until", until] if until else [])]
    fetch(say)
    with ExitStack() as stack:
        address = stack.enter_context(broker(folder, port))
        log = stack.enter_context((folder / "replay.log").open("wb"))
        sender = subprocess.Popen(replay, stdout=log, stderr=log, start_new_session=True)
        stack.callback(sender.wait, 30)
        stack.callback(sender.terminate)
        say(f"a broker listens on {address}; the replay writes to {log.name}")
        say(f"look meanwhile: .venv/bin/lakehouse --target {target} show gold.daily_sales")
        reader = subprocess.Popen([*lakehouse, "stream"])
        # Ctrl-C reaches the reader by itself, which ends once the batches at work are over.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: reader.terminate())
        return reader.wait()


def say(text: str) -> None:
    print(f"stream: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except LakehouseError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
