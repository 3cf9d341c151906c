#!/bin/bash
# kernel.sh [uml|qemu]: prints the directory of a ready kernel, user-mode Linux or QEMU's, fetching it first where needed.
# The directory holds `linux` (user-mode Linux: an ordinary program; QEMU: the uncompressed kernel) and `mod/lib/modules/RELEASE` (its
# modules, with depmod's tables); QEMU's also `boot/`, the modules that its initrd loads, uncompressed, named in their order.
# It lies in ${GATEHOUSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatehouse}, outside the source tree, one directory a package version.
# Exit status 1 and one line on stderr when the kernel cannot be had. Safe to run at the same time and to interrupt at any moment:
# everything is built in a directory of its own, and one rename makes it visible.
set -euo pipefail
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

kind=${1:-uml}
newest_kernel=linux-image-6.12-amd64   # depends on the package with the kernel, whose name has its ABI
boot_modules="9p 9pnet_virtio overlay"

fail() {
  echo "tests/vm: no $title kernel: $*" >&2
  exit 1
}

# qemu_package: the package that holds QEMU's kernel, or, where apt knows none, the one in the cache.
qemu_package() {
  local name
  name=$(apt-cache depends "$newest_kernel" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
  printf '%s\n' "${name:-linux-image-6.12}"
}

# candidate: the version of the package that apt would fetch, empty when apt knows none.
candidate() {
  apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -v '^(none)$' || true
}

# newest_cached: the newest finished directory of the cache, for a machine whose apt lists are gone.
newest_cached() {
  find "$cache" -mindepth 1 -maxdepth 1 -type d -name "${package}[-.]*" 2>/dev/null | sort -V | tail -n 1
}

# fetch VERSION TARGET: downloads and unpacks the package, then renames the whole to TARGET.
fetch() {
  local version=$1 target=$2
  building=$(mktemp -d "$cache/.building.XXXXXX") || fail "cannot make a directory in $cache"
  # apt checks the package against its signed lists. Its download user cannot enter root's cache: fetch as the caller.
  (cd "$building" && apt-get -q -o APT::Sandbox::User=root download "$package=$version") >"$building/apt.log" 2>&1 ||
    fail "'apt-get download $package=$version' failed ($(grep -m 1 '^E:' "$building/apt.log" || echo 'it gave no reason')); run 'apt-get update' and see that the mirror answers"
  mkdir -p "$building/deb" "$building/out/mod/lib/modules"
  dpkg -x "$building"/*.deb "$building/deb" || fail "dpkg cannot unpack $package $version (is $cache full?)"
  "take_$kind" "$building/deb" "$building/out"
  # Somebody who was quicker has made the same directory: rename refuses, and theirs is as good.
  mv -T "$building/out" "$target" 2>/dev/null || [ -x "$target/linux" ] || fail "cannot rename the unpacked kernel to $target"
}

# take_modules DIRECTORY OUT: moves the modules of the only release in the directory and makes their tables. Sets `release`.
take_modules() {
  release=$(basename "$1"/*)
  [ "$release" != '*' ] || fail "$package holds no modules: its layout has changed, adapt tests/vm/kernel.sh"
  mv "$1/$release" "$2/mod/lib/modules/$release"
  depmod -b "$2/mod" "$release" || fail "depmod failed for $release (is the package kmod installed?)"
}

take_uml() {
  mv "$1/usr/bin/linux.uml" "$2/linux" || fail "$package holds no usr/bin/linux.uml: its layout has changed, adapt tests/vm/kernel.sh"
  take_modules "$1/usr/lib/uml/modules" "$2"
}

take_qemu() {
  take_modules "$1/lib/modules" "$2"
  uncompress_kernel "$1/boot/vmlinuz-$release" >"$2/linux" && [ "$(number "$2/linux" 0 4)" = 1179403647 ] ||
    fail "cannot uncompress $package's vmlinuz-$release: adapt tests/vm/kernel.sh"
  chmod 755 "$2/linux"
  uncompress_modules "$2"
}

# number FILE OFFSET BYTES: a little-endian number of the file.
number() {
  od -An "-tu$3" "-j$2" "-N$3" "$1" | tr -d ' '
}

# uncompress_kernel VMLINUZ: the ELF file within, by the header of the x86 boot protocol. QEMU boots it by PVH, which saves the time
# that an emulated processor would spend on unpacking.
uncompress_kernel() {
  local begin length
  begin=$((($(number "$1" 497 1) + 1) * 512 + $(number "$1" 584 4)))
  length=$(($(number "$1" 588 4) - 4))   # its last four bytes are the size of what is in it
  head -c "$((begin + length))" "$1" | tail -c "$length" | if [ "$(number "$1" "$begin" 4)" = 4247762216 ]; then zstd -dc; else xz -dc; fi
}

# uncompress_modules OUT: those that the initrd loads, since its insmod takes them as they are.
uncompress_modules() {
  local module number=10
  mkdir "$1/boot"
  for module in $boot_modules; do modprobe -d "$1/mod" -S "$release" --show-depends "$module"; done |
    sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r module; do
    xz -dcf "$module" >"$1/boot/$number-$(basename "$module" .xz)" || exit
    number=$((number + 1))
  done || fail "the modules for the initrd ($boot_modules) are not there or not packed by xz: adapt tests/vm/kernel.sh"
}

case $kind in
  uml) title="user-mode Linux" package=user-mode-linux tools="apt-get apt-cache dpkg depmod" ;;
  qemu) title="QEMU" package="" tools="apt-get apt-cache dpkg depmod modprobe xz zstd" ;;
  *) title=$kind; fail "there is uml and qemu" ;;
esac
for tool in $tools; do
  command -v "$tool" >/dev/null || fail "the program $tool is missing (Debian's packages apt, dpkg, kmod, xz-utils and zstd)"
done
[ -n "$package" ] || package=$(qemu_package)
[ "$(dpkg --print-architecture)" = amd64 ] || fail "the package $package exists for amd64 only, this is $(dpkg --print-architecture)"
cache=${GATEHOUSE_CACHE:-${XDG_CACHE_HOME:-${HOME:?set HOME or GATEHOUSE_CACHE: the kernel is kept below it}/.cache}/gatehouse}
building=
release=
trap 'rm -rf -- "${building:-/nonexistent}"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$cache" || fail "cannot make the cache directory $cache (set GATEHOUSE_CACHE)"
cache=$(cd "$cache" && pwd)
find "$cache" -mindepth 1 -maxdepth 1 -name '.building.*' -mmin +120 -exec rm -rf -- {} +   # left by a power cut

version=$(candidate)
if [ -n "$version" ]; then
  kernel=$cache/$package-${version//[^A-Za-z0-9.+~]/_}
  [ -x "$kernel/linux" ] || fetch "$version" "$kernel"
else
  kernel=$(newest_cached)
  [ -n "$kernel" ] || fail "apt knows no package $package; run 'apt-get update' (Debian 12, components main and security)"
fi
printf '%s\n' "$kernel"
