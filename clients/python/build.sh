#!/usr/bin/env bash
# Builds the wheel and the sdist with Debian's tools and leaves them in FOLDER (default: artifacts/package of the checkout). No network.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
out=$(mkdir -p "${1:-../../artifacts/package}" && cd "${1:-../../artifacts/package}" && pwd)
python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import setuptools, wheel' 2>/dev/null || { echo "Needed: apt-get install python3-setuptools python3-wheel (python3-build is optional)" >&2; exit 3; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cp -r pyproject.toml README.md src ../../LICENSE "$work"
find "$work" -name __pycache__ -o -name '*.egg-info' | xargs rm -rf
cd "$work"
# The time of the last commit, so that the same source makes the same files.
SOURCE_DATE_EPOCH=$(git -C "$OLDPWD" log -1 --format=%ct 2>/dev/null || echo 1767225600); export SOURCE_DATE_EPOCH
if "$python" -c 'import build' 2>/dev/null; then
  "$python" -m build --no-isolation --outdir "$out" . >log 2>&1 || { cat log >&2; exit 1; }
else
  "$python" -c "from setuptools import build_meta as b; b.build_sdist('$out'); b.build_wheel('$out')" >log 2>&1 || { cat log >&2; exit 1; }
fi
ls "$out"/keypace-*.whl "$out"/keypace-*.tar.gz
