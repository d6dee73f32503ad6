#!/bin/sh
# Sets up what is missing in this checkout, and says so; says nothing where all is there.
#   sh scripts/set_up.sh [bench|docs|mutants]
# .venv/  a virtual environment with every dependency at the version of constraints.txt
# Java    found, or installed where the system's package manager lets us
# .jars/  the jars of scripts/jars.lock, and a class-data archive for quicker starts
set -eu
cd "$(dirname "$0")/.."
here=$(pwd -P)
python=.venv/bin/python
extras=${1:-}

unset PYTHONPATH PYTHONHOME SPARK_HOME PIP_TARGET PIP_PREFIX PIP_CONSTRAINT 2>/dev/null || true
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1

# What the environment was made from. The folder counts: a moved one has stale paths inside.
sum_of() { cat "$@" | cksum; }
made_from() { echo "$(sum_of setup.py constraints.txt) $("$python" -V 2>&1) $here"; }
is() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

venv_is_good() { [ -x "$python" ] && is .venv/made-from "$(made_from)"; }
extras_are_good() { [ -z "$extras" ] || is ".venv/made-from-$extras" "$(made_from)"; }
java_is_good() { [ -f .venv/java-home ] && [ -x "$(cat .venv/java-home)/bin/java" ]; }
jars_are_good() { is .jars/made-from "$(sum_of scripts/jars.lock)"; }
# Tried once for a Java, its build, the jars and the folder; never a reason to stop.
archive_made_from() { echo "$(cat .venv/java-home "$(cat .venv/java-home)/release" 2>/dev/null | cksum) $(made_from) $(cat .jars/made-from)"; }
classes_are_good() { is .jars/classes-made-from "$(archive_made_from)"; }

if venv_is_good && extras_are_good && java_is_good && jars_are_good && classes_are_good; then
    exit 0
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

venv_is_good || sh scripts/make_venv.sh
# First, for it may end here: the search needs nothing that is yet to be installed.
if ! java_is_good; then
    PYTHONPATH=src "$python" scripts/find_java.py >.venv/java-home.part
    mv .venv/java-home.part .venv/java-home
fi
if ! venv_is_good; then
    say "installing what constraints.txt names (some minutes, once)"
    "$python" -m pip install --quiet --constraint constraints.txt pip setuptools wheel
    # Spark comes as source: it is built with the pinned tools just installed, not with newer ones.
    "$python" -m pip install --quiet --constraint constraints.txt --no-build-isolation \
        --editable ".[test,lint]"
    made_from >.venv/made-from
fi
if ! extras_are_good; then
    say "installing what $extras needs"
    "$python" -m pip install --quiet --constraint constraints.txt --no-build-isolation \
        --editable ".[$extras]"
    made_from >".venv/made-from-$extras"
fi
if ! jars_are_good; then
    say "fetching the jars of scripts/jars.lock"
    "$python" scripts/fetch_jars.py .jars
    sum_of scripts/jars.lock >.jars/made-from
fi
if ! classes_are_good; then
    # Java would leave it empty where the path holds a space (see lakehouse.spark.class_data).
    case $here in *[!A-Za-z0-9._/~-]*) ;; *)
        say "recording a class-data archive, for quicker starts (a minute, once)"
        "$python" scripts/archive_classes.py >.jars/classes.log 2>&1 ||
            say "no archive was made; all works without"
        ;;
    esac
    archive_made_from >.jars/classes-made-from
fi
say "done"
