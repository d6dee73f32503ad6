#!/bin/sh
# Sets up what is missing in this checkout, and says so; says nothing where all is there.
#   sh scripts/set_up.sh [bench|docs|mutants]
# .venv/  a virtual environment with every dependency at the version of its pins
# Java, .jars/ and the class-data archive are set up by `lakehouse setup`
set -eu
cd "$(dirname "$0")/.."
here=$(pwd -P)
python=.venv/bin/python
pins=src/lakehouse/setup/constraints.txt
extras=${1:-}

unset PYTHONPATH PYTHONHOME SPARK_HOME PIP_TARGET PIP_PREFIX PIP_CONSTRAINT 2>/dev/null || true
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1

# The engine, and every project beside it that is a distribution of its own.
projects() { for each in src/*/pyproject.toml; do [ ! -f "$each" ] || dirname "$each"; done; }
# What the environment was made from. The folder counts: a moved one has stale paths inside.
made_from() { echo "$(cat setup.py "$pins" src/*/pyproject.toml 2>/dev/null | cksum) $("$python" -V 2>&1) $here"; }
is() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

venv_is_good() { [ -x "$python" ] && is .venv/made-from "$(made_from)"; }
extras_are_good() { [ -z "$extras" ] || is ".venv/made-from-$extras" "$(made_from)"; }

if venv_is_good && extras_are_good; then
    exec "$python" -m lakehouse setup
fi

# Two at once would write over each other; a lock whose owner is gone is taken over.
tries=0
until mkdir .setup.lock 2>/dev/null; do
    owner=$(cat .setup.lock/pid 2>/dev/null || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
        rm -rf .setup.lock
        continue
    fi
    [ "$tries" -gt 0 ] || echo "Waiting for another set-up of this folder (process ${owner:-?})." >&2
    tries=$((tries + 1))
    if [ "$tries" -gt 900 ]; then
        echo "The lock .setup.lock is still taken after 15 minutes: remove it if nothing runs." >&2
        exit 1
    fi
    sleep 1
done
trap 'rm -rf .setup.lock' EXIT
trap 'exit 130' INT TERM HUP
echo $$ >.setup.lock/pid

say() { echo "set-up: $*" >&2; }
# By uv: in seconds what takes pip minutes. It asks the index that pip was told of, and compiles as
# pip does: where Python is told to write no bytecode, each start would compile anew.
install() {
    index=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}
    UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index} "$python" -m uv pip install \
        --quiet --compile-bytecode --python "$python" --constraint "$pins" "$@"
}

if ! venv_is_good; then
    sh scripts/make_venv.sh
    # First, for it may end here: the search needs nothing that is yet to be installed.
    PYTHONPATH=src "$python" -m lakehouse.setup.java
    say "installing what $pins names (half a minute to some minutes, once)"
    "$python" -m pip install --quiet --constraint "$pins" uv
    install pip setuptools wheel
    set -- --editable ".[engine]"
    for each in $(projects); do set -- "$@" --editable "./$each"; done
    # Spark comes as source: it is built with the pinned tools just installed, not with newer ones.
    install --no-build-isolation "$@"
    # Left by the build; on Python's path they would stand for what is installed.
    rm -rf src/*.egg-info src/*/*.egg-info
    made_from >.venv/made-from
fi
if ! extras_are_good; then
    say "installing what $extras needs"
    install --no-build-isolation --editable ".[$extras]"
    rm -rf src/*.egg-info
    made_from >".venv/made-from-$extras"
fi
"$python" -m lakehouse setup
say "done"
