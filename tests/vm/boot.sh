# boot.sh: what uml.sh and qemu.sh share: arguments, work directory, time-out, verdict, cleaning up. Sourced by them, by bash.
# The script that sources it sets `kind` (of kernel.sh), `seconds` (the time-out) and `patience` (how many times longer than in user-mode
# Linux a scenario waits before it gives up), and defines
#   prepare KERNEL   what is made in the work directory before the boot
#   launch KERNEL    starts the guest in the background below `timeout "$seconds"`, its scenario's output in $work/console.log; sets guest
#   stop_orphans     ends what may have outlived the guest's main process
# It then calls `run_guest "$@"`, which does not return.
set -euo pipefail
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=
work=
guest=

say() {
  echo "tests/vm: $*" >&2
}

usage() {
  say "$*"
  say "usage: $(basename "$0") [--build DIR] [--timeout SECONDS] SCENARIO [NAME=VALUE...]"
  exit 2
}

# stop_guest: ends the guest. `timeout` hands the signal on.
stop_guest() {
  [ -n "$guest" ] || return 0
  kill -TERM "$guest" 2>/dev/null || true
  wait "$guest" 2>/dev/null || true
  guest=
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
    rm -rf -- "$work/machine"
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

# wait_for_guest: the guest's end. Returns the status of `timeout`.
wait_for_guest() {
  local status=0
  wait "$guest" 2>/dev/null || status=$?
  guest=
  return "$status"
}

# died_in_boot: whether the kernel panicked before anything of the scenario had run.
died_in_boot() {
  grep -aqs 'Kernel panic' "$work/kernel.log" && [ ! -s "$work/console.log" ]
}

# verdict STATUS: prints what the scenario printed and exits as it did.
verdict() {
  local ended=$1 result log
  result=$(tr -d '\r' <"$work/console.log" | sed -n 's/^VM-RESULT \([0-9]\+\)$/\1/p' | tail -n 1)
  tr -d '\r' <"$work/console.log" | grep -aE '^(ok|not ok|#) ' || true
  [ -z "$result" ] || exit "$result"
  if [ "$SECONDS" -ge "$seconds" ]; then
    say "the guest was stopped after $seconds s without a result; the end of its console:"
  else
    say "the guest ended (status $ended) without a result; the end of its console:"
  fi
  for log in "$work"/kernel.log "$work"/console.log; do
    [ ! -e "$log" ] || tr -d '\r' <"$log" | tail -n 12 >&2
  done
  exit 125
}

# run_guest ARGUMENT...: the whole of a run, from the script's arguments on.
run_guest() {
  local setting scenario kernel ended=0 no_blanks
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

  kernel=$("$here/kernel.sh" "$kind") || exit 125
  trap clean EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  work=$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-vm.XXXXXX")
  work=$(cd "$work" && pwd -P)
  no_blanks='[[:space:]:,]'
  if [[ $work$kernel =~ $no_blanks ]]; then
    say "the kernel's command line and LD_PRELOAD have no way to say a path with a blank, a colon or a comma: $work, $kernel"
    exit 125
  fi
  mkdir "$work/machine"
  cp "$here/guest-init.sh" "$work/"
  chmod 755 "$work/guest-init.sh"
  write_job "$scenario" "PATIENCE=$patience" "$@"
  prepare "$kernel"
  ulimit -c 0   # a guest that panics aborts
  launch "$kernel"
  wait_for_guest || ended=$?
  if died_in_boot; then
    # A fault of the emulation, none of what is tested; a second one is reported.
    say "the kernel panicked while it booted: $(grep -am 1 -E 'Oops|BUG|Kernel panic' "$work/kernel.log" | tr -d '\r'); once more"
    ended=0
    launch "$kernel"
    wait_for_guest || ended=$?
  fi
  verdict "$ended"
}
