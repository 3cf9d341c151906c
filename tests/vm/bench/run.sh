#!/bin/bash
# run.sh --build DIR [--rounds N] [--modes LIST] [--kernel uml|qemu]...: compares the gateway and its relay with socat and
# systemd-socket-proxyd in one kernel each, user-mode Linux and QEMU, and prints a markdown table. LIST is of 1x1,16x8,read,write. Not a test:
# nothing is judged but that every reply is right. Only the ratios mean anything: both kernels make a system call, or a byte, cost other
# things than a processor does. QEMU counts instructions, so that its ratios are the same on a busy host; user-mode Linux wants an idle one.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=
rounds=5
modes=1x1,16x8,read,write
kernels=()
samples=$(mktemp)
trap 'rm -f "$samples"' EXIT

usage() {
  echo "tests/vm/bench: $*; usage: run.sh --build DIR [--rounds N] [--modes LIST] [--kernel uml|qemu]..." >&2
  exit 2
}

while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || usage "$1 needs a value"
  case $1 in
    --build) build=$2 ;;
    --rounds) rounds=$2 ;;
    --modes) modes=$2 ;;
    --kernel) kernels+=("$2") ;;
    *) usage "unknown option $1" ;;
  esac
  shift 2
done
for program in guest/gatehouse-guest proxy/gatehoused tests/bench/bench_load tests/bench/bench_server; do
  [ -x "$build/$program" ] || usage "there is no $build/$program: build the project first"
done
[ ${#kernels[@]} -gt 0 ] || kernels=(uml qemu)
for kernel in "${kernels[@]}"; do
  case $kernel in uml) scale=1 ;; qemu) scale=0.15 ;; *) usage "there is no kernel $kernel" ;; esac
  VM_CLOCK=instructions "$here/../$kernel.sh" --build "$build" --timeout 900 "$here/chains.sh" "ROUNDS=$rounds" "CALLS=$scale" "MODES=$modes" |
    tee >(grep -v '^# {' >&2) | sed -n "s/^# {/$kernel # {/p" >>"$samples"
done
"$here/table.py" "${kernels[@]}" <"$samples"
