#!/usr/bin/env bash
# ./dev package: everything that somebody installs, in artifacts/package. Needs the SDK, NuGet and tar; dpkg-deb for the .deb.
#   packaging/build.sh [linux-x64] [linux-arm64]      both without arguments
set -euo pipefail
here=$(dirname "$(readlink -f "$0")"); cd "$here/.."
out=$PWD/artifacts/package
version=$(dotnet msbuild src/Keypace.Cli/Keypace.Cli.csproj -getProperty:Version)   # Directory.Build.props says it, for all of them
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 1767225600); export SOURCE_DATE_EPOCH   # the same source makes the same archives
platforms=("$@"); (( ${#platforms[@]} )) || platforms=(linux-x64 linux-arm64)
say() { printf '%s\n' "$*" >&2; }
quietly() { local log; log=$("$@" 2>&1) || { say "$log"; return 1; }; }
packed() { tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -I 'gzip -n' "$@"; }

rm -rf "$out"; mkdir -p "$out"

# The server with its runtime, in a folder and an archive: keypace-VERSION-PLATFORM/keypace starts wherever it lies.
for platform in "${platforms[@]}"; do
  name=keypace-$version-$platform
  quietly dotnet publish src/Keypace.Cli -c Release -r "$platform" --self-contained -p:PublishReadyToRun=true -o "$out/$name" -p:DebugType=none
  cp LICENSE NOTICES.md "$out/$name/"
  packed -cf "$out/$name.tar.gz" -C "$out" "$name"
done

# Debian's package, from the same folders.
if command -v dpkg-deb >/dev/null; then
  for platform in "${platforms[@]}"; do quietly "$here/debian/build.sh" "$out/keypace-$version-$platform" "$version" "$platform" "$out"; done
else
  say "No dpkg-deb here: the .deb was not made."
fi

quietly dotnet pack src/Keypace.Client -c Release -o "$out" -p:ContinuousIntegrationBuild=true

if [[ -x clients/python/build.sh ]]; then
  quietly clients/python/build.sh "$out" || say "The Python package was not made: clients/python/build.sh says why."
else
  say "The Python package was not made: clients/python/build.sh is not there."
fi

cp "$here/Containerfile" "$out/"
(cd "$out" && sha256sum -- *.tar.gz *.deb *.nupkg *.snupkg *.whl 2>/dev/null > SHA256SUMS || true)
ls -1 "$out" >&2
