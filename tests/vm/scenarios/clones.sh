#!/bin/bash
# Two clones of one machine, with one host name and one NFS client identifier, behind one server: alpha and beta say the same client owner.
# Unbound the server takes each for the other after a restart, and throws away what it had open; bound, both keep it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/writers.sh"
. "$here/qemu_guests.sh"
. "$here/two_guests.sh"

# clone NAME: a machine's network with a kernel's NFS client of its own that calls itself what all clones do.
clone() {
  client_network "$1" && ip netns exec "$1" sh -c 'echo the-image >/sys/fs/nfs/net/nfs_client/identifier'
}

# clone_relay NAME VSOCK-PORT: the clone's relay, in its network.
clone_relay() {
  (inside "$1" "$python" "$here/relay.py" 20490 1 "$2" >"/lab/$1.log" 2>&1) &
  wait_for 10 "the relay of $1" grep -q '^ready' "/lab/$1.log"
}

# clone_mounts NAME: the clone mounts at /mnt/NAME and has a file open and locked there.
clone_mounts() {
  mkdir -p "/mnt/$1"
  (inside "$1" timeout 30 mount -t nfs -o "vers=4.2,sec=sys,port=20490" 127.0.0.1:/ "/mnt/$1") && hold "$1/of-$1"
}

both_mount() {
  clone_mounts alpha && clone_mounts beta
}

# both_call: each has called the server after the other came.
both_call() {
  local name
  for name in alpha beta alpha beta; do
    touch "/mnt/$name/by-$name" && stat "/mnt/$name/by-$name" >/dev/null && sync "/mnt/$name/by-$name" || return
  done
}

# owners_are NAME...: whom the server has for clients.
owners_are() {
  same "the owners at the server" "$(cat /proc/fs/nfsd/clients/*/info | sed -n 's/^name: "\(.*\)"$/\1/p' | sort -u | paste -sd ';')" "$1"
}

one_loses_its_lock() {
  wait_for 20 "the loss of a lock" one_lock_is_free
}

one_lock_is_free() {
  ! is_locked of-alpha >/dev/null || ! is_locked of-beta >/dev/null
}

# lost_locks: how often a kernel has said that it lost locks.
lost_locks() {
  dmesg | grep -cE 'lost [0-9]+ locks|reclaim failed'
}

kernels_said_so() {
  [ "$(lost_locks)" -gt 0 ] || { echo "no kernel said that it lost a lock"; return 1; }
}

kernels_said_nothing() {
  same "how often a kernel lost locks" "$(lost_locks)" "$lost_before"
}

both_go() {
  touch /run/hold.of-alpha.go /run/hold.of-beta.go
  wait_for 60 "the end of the clones' work" test -s /run/hold.of-alpha.status -a -s /run/hold.of-beta.status || return
  umount /mnt/alpha /mnt/beta && rm -f /export/of-*
}

owner="Linux NFSv4.2 the-image/guest"
must "knfsd starts" start_knfsd '/export 127.66.0.0/16(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
must "alpha has a network of its own" clone alpha
must "beta has a network of its own" clone beta
write_alpha_beta plain 'client_owners = "plain"'
start_gateway plain
must "alpha's relay listens" clone_relay alpha 2049
must "beta's relay listens" clone_relay beta 2050
must "both mount" both_mount
must "both call the server in turns" both_call
check "unbound, the server takes two clones for one machine" owners_are "$owner"
check "and a clone loses its lock" one_loses_its_lock
check "and its kernel says so" kernels_said_so
must "both end" both_go
must "gatehoused ends at SIGTERM" stop_gateway plain
lost_before=$(lost_locks)

write_alpha_beta bound
start_gateway bound
must "both mount anew" both_mount
check "two clones call the server in turns, and each is served [A5]" both_call
check "the server has a client of each guest's name [A5, L3]" owners_are "alpha/$owner;beta/$owner"
check "a clone keeps its open file and its lock, and writes to it [A5]" held_well of-alpha
check "and so does the other [A5]" held_well of-beta
check "no kernel has lost a lock [A5]" kernels_said_nothing
check "both unmount" umount /mnt/alpha /mnt/beta
check "gatehoused ends at SIGTERM" stop_gateway bound
finish
