#!/bin/sh
# Opens MLflow's pages for the store of a target: sh scripts/ui.sh TARGET PORT
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
target=$1
port=$2
store=$("$python" -c 'import sys; from lakehouse.base.settings import load; print(load(sys.argv[1]).mlflow.tracking_uri)' "$target")
case $store in
    sqlite:*) ;;
    *)
        echo "ui: target $target keeps its runs at $store: open its own pages."
        exit 0
        ;;
esac
if ! "$python" -c 'import socket, sys; socket.socket().bind(("127.0.0.1", int(sys.argv[1])))' "$port" 2>/dev/null; then
    echo "ui: port $port is taken: choose another, such as make ui PORT=5051" >&2
    exit 1
fi
# Only pages are wanted: no workers for MLflow's own jobs.
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
exec "$python" -m mlflow ui --backend-store-uri "$store" --host 127.0.0.1 --port "$port"
