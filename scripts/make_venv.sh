#!/bin/sh
# Makes .venv with a Python 3.10 to 3.12: the one named in $PYTHON, else the first one on the PATH.
set -eu
cd "$(dirname "$0")/.."

fits() { "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; }
can_make_venv() { "$1" -c 'import venv, ensurepip' 2>/dev/null; }
say() { echo "set-up: $*" >&2; }

# As root, or where sudo asks for no password, the package manager may be used.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"; else return 1; fi
}

python=
bare=
for each in ${PYTHON:+"$PYTHON"} .venv/bin/python python3 python3.12 python3.11 python3.10 python; do
    command -v "$each" >/dev/null 2>&1 && fits "$each" || continue
    if can_make_venv "$each"; then
        python=$each
        break
    fi
    [ -n "$bare" ] || bare=$each
done

if [ -z "$python" ] && [ -n "$bare" ]; then
    # Debian and Ubuntu keep these modules in a package of their own.
    package="python$("$bare" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    if command -v apt-get >/dev/null && as_root true; then
        say "installing $package, which this Python came without"
        as_root sh -c "apt-get -q update && apt-get -q install -y --no-install-recommends $package" \
            >/dev/null 2>&1 || true
    fi
    if can_make_venv "$bare"; then python=$bare; fi
    if [ -z "$python" ]; then
        say "$bare cannot make a virtual environment: install $package (as root), then call again."
        exit 1
    fi
fi
if [ -z "$python" ]; then
    there=$(python3 -V 2>&1 || echo "no python3")
    say "no Python 3.10 to 3.12 found ($there): install one, or name it: make PYTHON=/path/to/python3.12"
    exit 1
fi

# An environment that is there is kept if its Python fits, for then little has to be installed.
if [ "$python" = .venv/bin/python ]; then exit 0; fi
say "making .venv with $("$python" -V 2>&1)"
rm -rf .venv
"$python" -m venv .venv
