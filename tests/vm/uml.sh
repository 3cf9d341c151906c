#!/bin/bash
# uml.sh [--build DIR] [--timeout SECONDS] SCENARIO [NAME=VALUE...]: runs a scenario inside user-mode Linux.
#
# The guest's root is this host's root under a private overlay: it reads every file of the host at its own path and changes none.
# Its /lab is a work directory made for this run; there the scenario leaves its logs. NAME=VALUE arguments become its environment,
# BUILD is the directory given by --build. What the scenario prints is printed here.
# Exit status: the scenario's own; 2 for wrong arguments; 125, with the reason on stderr, when the guest never said how it ended.
# No process stays behind, and no directory either, except the logs of a run that failed: stderr says where they are.
. "$(dirname "${BASH_SOURCE[0]}")/boot.sh"

kind=uml
memory_mib=512
seconds=180
patience=1

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

# stop_orphans: ends the guest's processes that outlive a kernel that was killed. They have left its process group, but each still carries
# the kernel's command line, in which the work directory is this run's alone.
stop_orphans() {
  local process
  for process in /proc/[0-9]*; do
    if grep -qzxF -e "uml_dir=$work/machine/" "$process/cmdline" 2>/dev/null; then kill -KILL "${process#/proc/}" 2>/dev/null || true; fi
  done
}

# prepare: makes the library without which the kernel does not run on this processor, or not on the next: xstate.c says why.
prepare() {
  cc -O2 -shared -fPIC -o "$work/xstate.so" "$here/xstate.c" 2>"$work/cc.log" && return
  say "cc cannot build $here/xstate.c (is gcc installed?): $(tail -n 1 "$work/cc.log")"
  exit 125
}

launch() {
  local kernel=$1 modules
  modules=$(echo "$kernel"/mod/lib/modules/*)
  TMPDIR=$(memory_directory) timeout --kill-after=5 "$seconds" taskset -c "$(processor)" \
    env LD_PRELOAD="$work/xstate.so" "$kernel/linux" "mem=${memory_mib}M" \
    "umid=guest" "uml_dir=$work/machine/" root=/dev/root rootfstype=hostfs rootflags=/ ro \
    "init=$work/guest-init.sh" "lab=$work" "modules=$modules" con=null con0=fd:0,fd:1 quiet panic=-1 \
    </dev/null >"$work/console.log" 2>&1 &
  guest=$!
}

run_guest "$@"
