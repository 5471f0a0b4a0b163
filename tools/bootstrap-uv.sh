#!/bin/sh
# Puts uv into DIR/bin from PyPI, with whatever the machine's Python offers (venv, else pip --target).
set -eu
version="$1"
dir="$2"
python="${PYTHON:-python3}"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "SkynetBot needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1). Set PYTHON=/path/to/python3." >&2
    exit 1
}
if command -v uv >/dev/null 2>&1 && [ "$(uv --version | cut -d' ' -f2)" = "$version" ]; then
    mkdir -p "$dir/bin"
    ln -sf "$(command -v uv)" "$dir/bin/uv"
elif "$python" -m venv "$dir" >/dev/null 2>&1; then
    "$dir/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$version"
elif "$python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$dir"
    "$python" -m pip install --quiet --disable-pip-version-check --target "$dir" "uv==$version"
else
    echo "No venv and no pip in '$python'. Install one of them (Debian: apt-get install python3-venv) or uv $version itself." >&2
    exit 1
fi
"$dir/bin/uv" --version
