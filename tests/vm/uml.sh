#!/bin/bash
# uml.sh [--build DIR] [--timeout SECONDS] SCENARIO [NAME=VALUE...]: runs a scenario inside user-mode Linux.
#
# The guest's root is this host's root under a private overlay: it reads every file of the host at its own path and changes none.
# Its /lab is a work directory made for this run; there the scenario leaves its logs. NAME=VALUE arguments become its environment,
# BUILD is the directory given by --build. What the scenario prints is printed here.
# Exit status: the scenario's own; 2 for wrong arguments; 125, with the reason on stderr, when the guest never said how it ended.
# No process stays behind, and no directory either, except the logs of a run that failed: stderr says where they are.
set -euo pipefail
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
memory_mib=512
seconds=180
build=
work=
guest=

say() {
  echo "tests/vm: $*" >&2
}

usage() {
  say "$*"
  say "usage: uml.sh [--build DIR] [--timeout SECONDS] SCENARIO [NAME=VALUE...]"
  exit 2
}

# memory_directory: where the guest's memory file lives: in memory if there is room for all of it, else beside the work directory.
# A /dev/shm that fills up would kill the guest at a random page.
memory_directory() {
  local free
  free=$(df --output=avail -m /dev/shm 2>/dev/null | tail -n 1 || echo 0)
  if [ "${free:-0}" -gt $((memory_mib + 64)) ] && [ -w /dev/shm ]; then echo /dev/shm; else echo "$work"; fi
}

# processor: one of those this process may use. The guest has a single one, and its every system call is a hand-over between two host
# processes: across processors that takes up to three times as long.
processor() {
  sed -n 's/^Cpus_allowed_list:.*[^0-9]\([0-9]\+\)$/\1/p' /proc/self/status
}

# stop_guest: ends the guest. The kernel takes its processes along when it gets SIGTERM, and `timeout` hands that on.
stop_guest() {
  [ -n "$guest" ] || return 0
  kill -TERM "$guest" 2>/dev/null || true
  wait "$guest" 2>/dev/null || true
  guest=
}

# stop_orphans: ends the guest's processes that outlive a kernel that was killed. They have left its process group, but each still carries
# the kernel's command line, in which the work directory is this run's alone.
stop_orphans() {
  local process
  for process in /proc/[0-9]*; do
    if grep -qzxF -e "uml_dir=$work/umid/" "$process/cmdline" 2>/dev/null; then kill -KILL "${process#/proc/}" 2>/dev/null || true; fi
  done
}

# clean: the end of every run. The logs of one that failed stay.
clean() {
  local status=$?
  stop_guest
  [ -n "$work" ] || exit "$status"
  stop_orphans
  if [ "$status" -eq 0 ]; then
    rm -rf -- "$work"
  else
    rm -rf -- "$work/umid"
    say "the logs of this run are in $work"
  fi
  exit "$status"
}

# write_job SCENARIO [NAME=VALUE...]: what the guest runs. Quoted, since paths and values may hold anything.
write_job() {
  local scenario=$1 setting
  shift
  {
    printf 'export BUILD=%q\n' "$build"
    for setting in "$@"; do printf 'export %q\n' "$setting"; done
    printf 'exec bash %q\n' "$scenario"
  } >"$work/job"
}

# build_preload: makes the library without which the kernel does not run on this processor, or not on the next: xstate.c says why.
build_preload() {
  cc -O2 -shared -fPIC -o "$work/xstate.so" "$here/xstate.c" 2>"$work/cc.log" && return
  say "cc cannot build $here/xstate.c (is gcc installed?): $(tail -n 1 "$work/cc.log")"
  exit 125
}

# boot KERNEL: runs the guest to its end, its console in $work/console.log. Returns the status of `timeout`.
boot() {
  local kernel=$1 modules
  ulimit -c 0   # a guest that panics aborts
  modules=$(echo "$kernel"/mod/lib/modules/*)
  mkdir "$work/umid"
  TMPDIR=$(memory_directory) timeout --kill-after=5 "$seconds" taskset -c "$(processor)" \
    env LD_PRELOAD="$work/xstate.so" "$kernel/linux" "mem=${memory_mib}M" \
    "umid=guest" "uml_dir=$work/umid/" root=/dev/root rootfstype=hostfs rootflags=/ ro \
    "init=$work/guest-init.sh" "lab=$work" "modules=$modules" con=null con0=fd:0,fd:1 quiet panic=-1 \
    </dev/null >"$work/console.log" 2>&1 &
  guest=$!
  local status=0
  wait "$guest" 2>/dev/null || status=$?
  guest=
  return "$status"
}

# verdict STATUS: prints what the scenario printed and exits as it did.
verdict() {
  local ended=$1 result
  result=$(tr -d '\r' <"$work/console.log" | sed -n 's/^VM-RESULT \([0-9]\+\)$/\1/p' | tail -n 1)
  tr -d '\r' <"$work/console.log" | grep -E '^(ok|not ok|#) ' || true
  [ -z "$result" ] || exit "$result"
  if [ "$SECONDS" -ge "$seconds" ]; then
    say "the guest was stopped after $seconds s without a result; the end of its console:"
  else
    say "the guest ended (status $ended) without a result; the end of its console:"
  fi
  tr -d '\r' <"$work/console.log" | tail -n 12 >&2
  exit 125
}

while [ $# -gt 0 ]; do
  case $1 in
    --build) [ $# -gt 1 ] || usage "--build needs a directory"; build=$2; shift 2 ;;
    --timeout) [ $# -gt 1 ] || usage "--timeout needs seconds"; seconds=$2; shift 2 ;;
    -*) usage "unknown option $1" ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || usage "no scenario given"
scenario=$(realpath -e -- "$1") || usage "there is no scenario $1"
shift
for setting in "$@"; do
  [[ $setting =~ ^[A-Za-z_][A-Za-z0-9_]*= ]] || usage "'$setting' is not NAME=VALUE"
done
[ -z "$build" ] || build=$(realpath -e -- "$build") || usage "there is no directory $build"

kernel=$("$here/kernel.sh") || exit 125
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
work=$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-vm.XXXXXX")
work=$(cd "$work" && pwd -P)
case $work$kernel in
  *[[:space:]:]*)
    say "the kernel's command line and LD_PRELOAD have no way to say a path with a blank or a colon: $work, $kernel"
    exit 125
    ;;
esac
cp "$here/guest-init.sh" "$work/"
chmod 755 "$work/guest-init.sh"
write_job "$scenario" "$@"
build_preload
ended=0
boot "$kernel" || ended=$?
verdict "$ended"
