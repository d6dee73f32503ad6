#!/bin/sh
# Opens MLflow's pages for the store of a target: sh scripts/ui.sh TARGET PORT
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
store=$("$python" -c 'import sys; from lakehouse.settings import load; print(load(sys.argv[1]).mlflow.tracking_uri)' "$1")
exec "$python" -m mlflow ui --backend-store-uri "$store" --host 127.0.0.1 --port "$2"
