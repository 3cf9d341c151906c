#!/bin/bash
# The kernel's NFS client, version 4.2, reaches the kernel's NFS server through a byte relay, real AF_VSOCK and gatehoused:
#   client --TCP--> relay.py --vsock, CID 1, the client's port--> gatehoused --TCP, 127.66.0.1, the same port--> knfsd
# The server admits that one address, from reserved ports only, and squashes nobody: each squashed owner on disk is the gateway's work.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"

# as UID GID GROUPS COMMAND...: runs a command with exactly these ids.
as() {
  local uid=$1 gid=$2 groups=$3
  shift 3
  setpriv --reuid "$uid" --regid "$gid" --groups "$groups" "$@"
}

server_refuses_other_addresses() {
  if mount_nfs 2049; then
    umount /mnt/nfs
    echo "a mount from 127.0.0.1 succeeded, so the checks below prove nothing"
    return 1
  fi
}

client_is_the_guest() {
  connection_is_the_guest || return
  same "the client's address at the server" "$(client_fact address)" "$(server_peer)"
}

data_survives() {
  head -c 64M /dev/urandom >/lab/data || return
  dd if=/lab/data of=/mnt/nfs/data bs=1M conv=fsync status=none || return
  cmp /lab/data /export/data || return
  echo 3 >/proc/sys/vm/drop_caches
  cmp /lab/data /mnt/nfs/data
}

read_from_server() {
  head -c 16M /dev/urandom >/export/served || return
  cmp /export/served /mnt/nfs/served
}

root_is_squashed() {
  touch /mnt/nfs/by-root || return
  same "the owner on the server" "$(stat -c %u:%g /export/by-root)" 65534:65534
}

user_stays() {
  as 1000 1000 1000 touch /mnt/nfs/by-user || return
  same "the owner on the server" "$(stat -c %u:%g /export/by-user)" 1000:1000
}

user_group_counts() {
  install -d -m 0770 -o 0 -g 5 /export/group5
  as 1000 1000 5 touch /mnt/nfs/group5/file
}

root_group_is_squashed() {
  install -d -m 0770 -o 7 -g 0 /export/group0
  as 1000 1000 0,5 touch /mnt/nfs/group5/also || return
  ! as 1000 1000 0,5 touch /mnt/nfs/group0/file 2>/dev/null || { echo "group 0 let the user write at the server"; return 1; }
}

locks_hold() {
  touch /export/lock
  chmod 666 /export/lock
  local holder
  flock /mnt/nfs/lock sh -c 'echo held >/lab/lock.held; until [ -e /lab/lock.free ]; do sleep 0.05; done' &
  holder=$!
  wait_for 10 "the lock" test -s /lab/lock.held || return
  local status=0
  can_lock_locally && { echo "the server's own lock call got the file while the client held it"; status=1; }
  touch /lab/lock.free
  wait "$holder" || { echo "flock on the mount failed"; return 1; }
  [ "$status" -eq 0 ] || return
  wait_for 5 "the released lock at the server" can_lock_locally
}

can_lock_locally() {
  timeout 8 "$python" -c 'import fcntl; fcntl.lockf(open("/export/lock", "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null
}

counters_are_right() {
  signal_gateway gateway USR1
  logged gateway 'event=counters' 'guest=vm1' 'calls=[1-9]' 'callbacks=[1-9]' || return
  ! line_with /lab/gateway.log 'event=counters' 'guest=vm1' 'rejections=' || { echo "an honest guest has been refused something"; return 1; }
}

high_port_is_refused() {
  if mount_nfs 20491; then
    umount /mnt/nfs
    echo "the mount succeeded"
    return 1
  fi
  [ "$(relayed_port high)" -gt 1023 ] || { echo "no connection from a high port was made: $(tail -n 1 /lab/high.log)"; return 1; }
}

refusal_is_logged() {
  logged gateway 'event=refused' 'guest=vm1' "peer=vsock:1:$(relayed_port high)( |$)" 'rule=secure'
}

stranger_is_closed() {
  "$python" "$here/probe.py" 1 2050 || return
  logged stranger 'event=no-guest' 'peer=vsock:1:600( |$)'
}

guest_is_answered() {
  "$python" "$here/probe.py" 1 2049 --expect answer
}

write_gateway_config gateway 2049 1
write_gateway_config stranger 2050 42
must "knfsd starts" start_knfsd '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
check "the server by itself refuses an address other than the guest's" server_refuses_other_addresses
start_gateway gateway
start_relay relay 20490 1 2049 keep
start_relay high 20491 1 2049 high
must "the kernel's NFS client mounts version 4.2 through AF_VSOCK and gatehoused [V4, V5, V6]" mount_nfs 20490
echo "ok the kernel's NFS client mounts version 4.2 through AF_VSOCK and gatehoused [V4, V5, V6]"
check "the server sees the guest's own source address and the client's own reserved port [L4, P10]" client_is_the_guest
check "the server counts the guest's connection as its backchannel [V12]" backchannel_is_up
check "a delegation is recalled over the backchannel as soon as the server wants the file [V12]" delegation_is_recalled
check "64 MiB written through the gateway are the same at the server and after dropping caches [V3]" data_survives
check "16 MiB of the server's are read unchanged through the gateway [V3]" read_from_server
check "root of an untrusted guest owns its files as the anonymous user [V5, T1]" root_is_squashed
check "an ordinary user of the guest keeps its ids" user_stays
check "a user's supplementary group counts at the server [G7]" user_group_counts
check "group 0 in a user's group list is squashed, the others stay [T1]" root_group_is_squashed
check "a lock held by the guest excludes the server's own processes until it is released" locks_hold
check "SIGUSR1 logs the guest's calls and the server's callbacks, and no refusal" counters_are_right
check "the file system unmounts" umount /mnt/nfs
check "a mount from a vsock source port above 1023 is refused [V5]" high_port_is_refused
check "the refusal is logged with the guest and the port rule [V5]" refusal_is_logged
check "a NULL call of CID 1 is answered where a guest entry names it [V4]" guest_is_answered
start_gateway stranger
check "a CID without a guest entry is closed before any answer, and logged [V6, V4]" stranger_is_closed
check "gatehoused ends at SIGTERM" stop_gateway gateway
check "gatehoused ends at SIGTERM when it has seen strangers only" stop_gateway stranger
finish
