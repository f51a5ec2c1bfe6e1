# Sourced by the scripts: `environment EXTRA ...` brings the checkout's virtual environment up to date and sets
# `venv` to its place. The environment is .venv, or what P2PCHAT_VENV names. Bytecode is kept in it, and not in the
# checkout: without, each of the hundreds of processes that a suite or a bench starts would compile all anew.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv=${P2PCHAT_VENV:-$root/.venv}
case $venv in /*) ;; *) venv=$PWD/$venv ;; esac

usable='import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))'

environment() {
    # A name on the PATH may be a shim with nothing behind it, or lack venv: try each.
    for python in python3.13 python3.12 python3.11 python3; do
        if "$python" -c "$usable" >/dev/null 2>&1; then
            "$python" "$root/scripts/support/environment.py" "$venv" "$@" || exit 1
            unset PYTHONDONTWRITEBYTECODE
            export PYTHONPYCACHEPREFIX="$venv/bytecode"
            return
        fi
    done
    echo "no Python 3.11 or newer with venv found; install one (on Debian: python3 and python3-venv)" >&2
    exit 1
}

# The lines of comment at the top of a script are its help.
help() {
    sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
}
