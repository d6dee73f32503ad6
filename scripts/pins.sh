#!/bin/sh
# Resolves the ranges of setup.py into src/lakehouse/setup/constraints.txt, once for Python 3.10, 3.11 and 3.12 and for
# Linux and macOS. Versions that still fit are kept; `sh scripts/pins.sh --upgrade` takes newer ones.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
"$python" -m uv pip compile --universal --python-version 3.10 --extra dev \
    --quiet --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
    "$@" --output-file src/lakehouse/setup/constraints.txt setup.py scripts/constraints.in $(ls src/*/pyproject.toml)
