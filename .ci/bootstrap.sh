#!/bin/sh
# Makes .venv ready and returns at once when it already is.
#
# It installs exactly what requirements.lock names, each file checked against its hash, and puts this checkout on the
# environment's path. It never touches anything outside .venv. Only POSIX sh and a Python >= 3.11 are needed.
#
# Why this checkout is not installed as a package: `pip install -e .` builds it, a build needs hatchling, and hatchling
# would come unhashed from an index. A `.pth` line and a script of six lines do the same without any of it.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
venv=$root/.venv
stamp=$venv/.execd-stamp

say() { printf '%s\n' "$*" >&2; }

# The stamp holds all that the environment depends on. The path is part of it, because a virtual environment cannot be
# moved; this file is part of it, because it decides what is written there.
wanted() {
    printf 'path %s\n' "$root"
    cksum <"$root/requirements.lock"
    cksum <"$root/.ci/bootstrap.sh"
}

# Starting the interpreter costs 10 ms and finds an environment whose Python was upgraded away.
is_ready() {
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(wanted)" ] && "$venv/bin/python" -c '' 2>/dev/null
}

# A name on the PATH is not yet a Python: version managers leave stubs that only print an error. So each is tried.
find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$candidate"
            return 0
        fi
    done
    say "execd needs Python 3.11 or newer; tried: ${PYTHON:-python3.13 python3.12 python3.11 python3}."
    say "Debian, Ubuntu: apt install python3 python3-venv    macOS: brew install python@3.13"
    say "If it has another name: make PYTHON=/path/to/python3.x ..."
    return 1
}

# An environment made for another path, or by a Python that is gone, is made again. Anything else is kept, so that a
# changed lock costs only the difference. Nothing is removed that is not a virtual environment.
discard_if_unusable() {
    [ -e "$venv" ] || return 0
    if [ ! -f "$venv/pyvenv.cfg" ]; then
        say "$venv exists and is not a virtual environment; move it away first."
        return 1
    fi
    recorded=$(sed -n 's/^path //p' "$stamp" 2>/dev/null || true)
    if [ "${recorded:-$root}" = "$root" ] && "$venv/bin/python" -c '' 2>/dev/null; then
        return 0
    fi
    say "The environment was made for another place or Python; making it again."
    rm -rf -- "$venv"
}

# From here until the end the environment is not ready, also when this run is interrupted; the path is kept, so that
# an unfinished environment that was moved is noticed too.
mark_unfinished() { printf 'path %s\nunfinished\n' "$root" >"$stamp"; }

install_with_uv() {
    [ -x "$venv/bin/python" ] || uv venv --quiet --python "$1" "$venv"
    mark_unfinished
    uv pip install --quiet --python "$venv/bin/python" --require-hashes -r "$root/requirements.lock"
}

install_with_pip() {
    if ! "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        say "$1 has no ensurepip, so it cannot make a virtual environment."
        say "Debian, Ubuntu: apt install python$version-venv (or python3-venv)    or install uv, which is used when present"
        return 1
    fi
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$1" -m venv --clear "$venv"
    mark_unfinished
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes -r "$root/requirements.lock"
}

# The script has the two-language head that pip itself writes: a shebang line may not hold a long path or a space.
put_checkout_on_path() {
    site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$root" >"$site/execd.pth"
    cat >"$venv/bin/execd" <<SCRIPT
#!/bin/sh
'''exec' "$venv/bin/python" "\$0" "\$@"
' '''
import sys

from execd.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
SCRIPT
    chmod 755 "$venv/bin/execd"
}

if is_ready; then
    exit 0
fi
python=$(find_python)
discard_if_unusable
say "Preparing .venv with $python (once; needs the network) ..."
if command -v uv >/dev/null 2>&1; then
    install_with_uv "$python"
else
    install_with_pip "$python"
fi
put_checkout_on_path
wanted >"$stamp.new"
mv -f -- "$stamp.new" "$stamp"
