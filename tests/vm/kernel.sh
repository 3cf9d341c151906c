#!/bin/bash
# kernel.sh: prints the directory of a ready user-mode Linux kernel, fetching it first where needed.
# The directory holds `linux` (the kernel, an ordinary program) and `mod/lib/modules/RELEASE` (its modules, with depmod's tables).
# It lies in ${GATEHOUSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatehouse}, outside the source tree, one directory a package version.
# Exit status 1 and one line on stderr when the kernel cannot be had. Safe to run at the same time and to interrupt at any moment:
# everything is built in a directory of its own, and one rename makes it visible.
set -euo pipefail
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

package=user-mode-linux

fail() {
  echo "tests/vm: no user-mode Linux kernel: $*" >&2
  exit 1
}

# candidate: the version of the package that apt would fetch, empty when apt knows none.
candidate() {
  apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -v '^(none)$' || true
}

# newest_cached: the newest finished directory of the cache, for a machine whose apt lists are gone.
newest_cached() {
  find "$cache" -mindepth 1 -maxdepth 1 -type d -name "$package-*" 2>/dev/null | sort -V | tail -n 1
}

# fetch VERSION TARGET: downloads and unpacks the package, then renames the whole to TARGET.
fetch() {
  local version=$1 target=$2 release
  building=$(mktemp -d "$cache/.building.XXXXXX") || fail "cannot make a directory in $cache"
  # apt checks the package against its signed lists. Its download user cannot enter root's cache: fetch as the caller.
  (cd "$building" && apt-get -q -o APT::Sandbox::User=root download "$package=$version") >"$building/apt.log" 2>&1 ||
    fail "'apt-get download $package=$version' failed ($(grep -m 1 '^E:' "$building/apt.log" || echo 'it gave no reason')); run 'apt-get update' and see that the mirror answers"
  mkdir "$building/deb" "$building/out"
  dpkg -x "$building"/*.deb "$building/deb" || fail "dpkg cannot unpack $package $version (is $cache full?)"
  release=$(basename "$building"/deb/usr/lib/uml/modules/*)
  if [ ! -f "$building/deb/usr/bin/linux.uml" ] || [ "$release" = '*' ]; then
    fail "$package $version holds no usr/bin/linux.uml or no modules: its layout has changed, adapt tests/vm/kernel.sh"
  fi
  mkdir -p "$building/out/mod/lib/modules"
  mv "$building/deb/usr/bin/linux.uml" "$building/out/linux"
  mv "$building/deb/usr/lib/uml/modules/$release" "$building/out/mod/lib/modules/$release"
  depmod -b "$building/out/mod" "$release" || fail "depmod failed for $release (is the package kmod installed?)"
  # Somebody who was quicker has made the same directory: rename refuses, and theirs is as good.
  mv -T "$building/out" "$target" 2>/dev/null || [ -x "$target/linux" ] || fail "cannot rename the unpacked kernel to $target"
}

for tool in apt-get apt-cache dpkg depmod; do
  command -v "$tool" >/dev/null || fail "the program $tool is missing (Debian's packages apt, dpkg and kmod)"
done
[ "$(dpkg --print-architecture)" = amd64 ] || fail "the package $package exists for amd64 only, this is $(dpkg --print-architecture)"
cache=${GATEHOUSE_CACHE:-${XDG_CACHE_HOME:-${HOME:?set HOME or GATEHOUSE_CACHE: the kernel is kept below it}/.cache}/gatehouse}
building=
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
  [ -n "$kernel" ] || fail "apt knows no package $package; run 'apt-get update' (Debian 12, component main)"
fi
printf '%s\n' "$kernel"
