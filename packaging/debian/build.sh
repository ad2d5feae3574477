#!/usr/bin/env bash
# Makes the .deb out of a self-contained folder: build.sh FOLDER VERSION linux-x64|linux-arm64 OUT
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
folder=$1 version=$2 platform=$3 out=$4
case $platform in linux-x64) architecture=amd64 ;; linux-arm64) architecture=arm64 ;; *) echo "No Debian name for $platform" >&2; exit 2 ;; esac
root=$(mktemp -d); trap 'rm -rf "$root"' EXIT
umask 022

install -d "$root"/usr/{bin,lib/keypace,lib/systemd/system,share/doc/keypace} "$root"/DEBIAN "$root"/etc/keypace \
  "$root"/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
cp -r "$folder"/. "$root/usr/lib/keypace/"
rm -f "$root/usr/lib/keypace/LICENSE"
ln -s ../lib/keypace/keypace "$root/usr/bin/keypace"
install -m 644 "$here/keypace.service" "$root/usr/lib/systemd/system/"
install -m 644 "$here/keypace.env" "$root/etc/keypace/"
# What others made says so here, too: Debian looks for it in this file.
{ printf 'Keypace, Apache-2.0. The licence in full: /usr/share/common-licenses/Apache-2.0\nThe .NET runtime in /usr/lib/keypace: MIT, .NET Foundation and Contributors.\n\n'; cat "$here/../../NOTICES.md"; } > "$root/usr/share/doc/keypace/copyright"
install -m 644 "$here/../../docs/operate/install.md" "$here/../../docs/operate/settings.md" "$root/usr/share/doc/keypace/"

# The scripts are text that the program prints; what is made for another machine does not run here, what ./dev build made does.
program=$folder/keypace
"$program" completion bash >/dev/null 2>&1 || program=$here/../../artifacts/keypace/keypace
"$program" completion bash > "$root/usr/share/bash-completion/completions/keypace"
"$program" completion zsh > "$root/usr/share/zsh/vendor-completions/_keypace"
"$program" completion fish > "$root/usr/share/fish/vendor_completions.d/keypace.fish"

size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" "$here/control" > "$root/DEBIAN/control"
echo /etc/keypace/keypace.env > "$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 755 "$here/$script" "$root/DEBIAN/$script"; done
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
find "$root" -type d -exec chmod 755 {} +
dpkg-deb --build --root-owner-group -Zxz "$root" "$out/keypace_${version}_${architecture}.deb"
