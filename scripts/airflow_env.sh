#!/bin/sh
# Makes .airflow/, the environment that the DAGs are tested in, if it is not there or out of date;
# says nothing where it is good. Airflow never enters .venv/: the two want other versions.
#   sh scripts/airflow_env.sh          what airflow-constraints.txt names
#   sh scripts/airflow_env.sh --pin    resolve scripts/airflow.in anew, for Python 3.10 to 3.12
set -eu
cd "$(dirname "$0")/.."
here=$(pwd -P)
python=.airflow/bin/python
pins=scripts/airflow-constraints.txt

unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_CONSTRAINT 2>/dev/null || true
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1

say() { echo "airflow: $*" >&2; }

if [ "${1:-}" = --pin ]; then
    exec .venv/bin/python -m uv pip compile --universal --python-version 3.10 --upgrade \
        --quiet --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
        --output-file "$pins" scripts/airflow.in
fi

# What it was made from. The folder counts: a moved one has stale paths inside.
made_from() { echo "$(cat scripts/airflow.in "$pins" | cksum) $("$python" -V 2>&1) $here"; }
is_good() { [ -x "$python" ] && [ -f .airflow/made-from ] && [ "$(cat .airflow/made-from)" = "$(made_from)" ]; }

if is_good; then exit 0; fi

# Two at once would write over each other; a lock whose owner is gone is taken over.
tries=0
until mkdir .airflow.lock 2>/dev/null; do
    owner=$(cat .airflow.lock/pid 2>/dev/null || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
        rm -rf .airflow.lock
        continue
    fi
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ]; then
        say "the lock .airflow.lock is still taken after 10 minutes: remove it if nothing runs"
        exit 1
    fi
    sleep 1
done
trap 'rm -rf .airflow.lock' EXIT
trap 'exit 130' INT TERM HUP
echo $$ >.airflow.lock/pid
if is_good; then exit 0; fi

say "installing what $pins names into .airflow (a minute, once)"
rm -rf .airflow
.venv/bin/python -m venv .airflow
index=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}
UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index} .venv/bin/python -m uv pip install \
    --quiet --compile-bytecode --python "$python" --constraint "$pins" --requirement scripts/airflow.in
made_from >.airflow/made-from
