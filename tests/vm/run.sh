#!/bin/bash
# run.sh --build DIR [SCENARIO...]: runs scenarios inside user-mode Linux with the binaries of DIR, by default all of scenarios/.
# Prints a line a check and ends with "N passed, N failed"; exit status 0 when something passed and nothing failed, else 1.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=
passed=0
failed=0
uml=
output=

usage() {
  echo "tests/vm: $*; usage: run.sh --build DIR [SCENARIO...]" >&2
  exit 2
}

# run_scenario FILE: prints its lines and counts them. A scenario that fails or ends without a word counts as a failed check itself.
run_scenario() {
  local file=$1 name status=0 good bad began=$SECONDS
  name=$(basename "$file" .sh)
  echo "# $name"
  output=$(mktemp "${TMPDIR:-/tmp}/gatehouse-vm-lines.XXXXXX")
  "$here/uml.sh" --build "$build" "$file" >"$output" &
  uml=$!
  wait "$uml" || status=$?
  uml=
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
  if [ -n "$uml" ]; then
    kill -TERM "$uml" 2>/dev/null || true
    wait "$uml" || true
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
[ $# -gt 0 ] || set -- "$here"/scenarios/*.sh
trap stop INT TERM HUP
trap 'rm -f -- "$output"' EXIT
for tool in rpc.nfsd rpc.mountd exportfs nfsdcld mount.nfs rpc.gssd rpc.idmapd rpcbind krb5kdc kadmin.local kinit gssproxy setpriv taskset \
  busybox modprobe ip ss cc; do
  PATH=/usr/sbin:/sbin:$PATH command -v "$tool" >/dev/null || {
    echo "tests/vm: the program $tool is missing: apt-get install nfs-kernel-server nfs-common rpcbind" \
      "krb5-kdc krb5-admin-server krb5-user gssproxy busybox-static kmod iproute2 gcc" >&2
    echo "0 passed, 1 failed"
    exit 1
  }
done
if "$here/kernel.sh" >/dev/null; then
  for file; do run_scenario "$file"; done
else
  echo "not ok the tests in user-mode Linux have a kernel"
  failed=1
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
