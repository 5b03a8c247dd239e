#!/bin/sh
# Says in one line what set-up needs and does not find. Usage: preconditions.sh PYTHON native|pure
set -u

stop() {
    echo "make setup needs $1" >&2
    exit 1
}

case "$2" in native | pure) ;; *) stop "OMEGA_BUILD=pure, or OMEGA_BUILD unset; it is '$2'" ;; esac
command -v "$1" >/dev/null || stop "Python 3.11 or newer as '$1' (or: make PYTHON=/path/to/python3)"
"$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop "Python 3.11 or newer; '$1' is $("$1" -V 2>&1)"
"$1" -c 'import ensurepip, venv' 2>/dev/null || stop "the venv module of Python (Debian and Ubuntu: apt install python3-venv)"
[ "$2" = pure ] && exit 0
command -v cargo >/dev/null || stop "cargo, from https://rustup.rs (or: OMEGA_BUILD=pure make setup, slow but without Rust)"
command -v cc >/dev/null || stop "a C compiler as 'cc', which links, too (Debian and Ubuntu: apt install gcc)"
