#!/bin/bash
# run.sh --build DIR [SCENARIO...]: runs scenarios in virtual machines with the binaries of DIR, by default all there are: those of
# scenarios/ in user-mode Linux, those of qemu/ in QEMU.
# Prints a line a check and ends with "N passed, N failed"; exit status 0 when something passed and nothing failed, else 1.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=
passed=0
failed=0
machine=
output=

usage() {
  echo "tests/vm: $*; usage: run.sh --build DIR [SCENARIO...]" >&2
  exit 2
}

# kind_of FILE: which machine the scenario runs in: uml or qemu.
kind_of() {
  if [ "$(basename "$(dirname "$(realpath -- "$1")")")" = qemu ]; then echo qemu; else echo uml; fi
}

# has_kernel KIND: whether there is a kernel for it. Fetched, or found missing, and said so, once.
declare -A kernels=()
has_kernel() {
  if [ -z "${kernels[$1]:-}" ]; then
    kernels[$1]=yes
    "$here/kernel.sh" "$1" >/dev/null || kernels[$1]=no
  fi
  [ "${kernels[$1]}" = yes ]
}

# run_scenario FILE: prints its lines and counts them. A scenario that fails or ends without a word counts as a failed check itself.
run_scenario() {
  local file=$1 name kind status=0 good bad began=$SECONDS
  name=$(basename "$file" .sh)
  kind=$(kind_of "$file")
  echo "# $name"
  has_kernel "$kind" || {
    echo "not ok the scenario $name has a kernel ($kind)"
    failed=$((failed + 1))
    return 0
  }
  output=$(mktemp "${TMPDIR:-/tmp}/gatehouse-vm-lines.XXXXXX")
  "$here/$kind.sh" --build "$build" "$file" >"$output" &
  machine=$!
  wait "$machine" || status=$?
  machine=
  cat "$output"
  good=$(grep -c '^ok ' "$output" || true)
  bad=$(grep -c '^not ok ' "$output" || true)
  rm -f "$output"
  if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; }; then
    echo "not ok the scenario $name runs to its end: exit status $status after $good checks"
    bad=1
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
  echo "# $name took $((SECONDS - began)) s"
}

# stop: an interrupted run takes its guest with it.
stop() {
  if [ -n "$machine" ]; then
    kill -TERM "$machine" 2>/dev/null || true
    wait "$machine" || true
  fi
  exit 143
}

while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:-}; shift 2 || usage "--build needs a directory" ;;
    -*) usage "unknown option $1" ;;
    *) break ;;
  esac
done
[ -n "$build" ] || usage "no --build"
[ -x "$build/proxy/gatehoused" ] || usage "there is no $build/proxy/gatehoused: build the project first"
[ $# -gt 0 ] || set -- "$here"/scenarios/*.sh "$here"/qemu/*.sh
trap stop INT TERM HUP
trap 'rm -f -- "$output"' EXIT
for tool in rpc.nfsd rpc.mountd exportfs nfsdcld mount.nfs rpc.gssd rpc.idmapd rpcbind krb5kdc kadmin.local kinit gssproxy setpriv taskset iptables-legacy \
  busybox modprobe ip ss pgrep cc qemu-system-x86_64 cpio zstd socat systemd-socket-activate; do
  PATH=/usr/sbin:/sbin:$PATH command -v "$tool" >/dev/null || {
    echo "tests/vm: the program $tool is missing: apt-get install nfs-kernel-server nfs-common rpcbind" \
      "krb5-kdc krb5-admin-server krb5-user gssproxy busybox-static kmod iproute2 iptables procps gcc qemu-system-x86 cpio zstd socat systemd" >&2
    echo "0 passed, 1 failed"
    exit 1
  }
done
for file; do run_scenario "$file"; done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
