#!/bin/bash
# The configuration changes under a mounted file system with a writer at work: the kernel's NFS client notices nothing of a reload that is
# not about it, loses its connection at once when its guest goes, and goes on when it comes back. The chain is that of nfs42_vsock.sh.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"

turns=20

# reload TEXT: puts the configuration and that text into force; true when gatehoused says so.
reload() {
  local before
  before=$(reloads)
  { cat /lab/gateway.conf && printf '%s' "$1"; } >/run/gatehouse/gateway.conf.new
  chmod 600 /run/gatehouse/gateway.conf.new && mv /run/gatehouse/gateway.conf.new /run/gatehouse/gateway.conf
  signal_gateway gateway HUP || return
  wait_for 10 "event=reloaded" eval "[ \$(reloads) -gt $before ]"
}

reloads() {
  grep -c 'event=reloaded' /lab/gateway.log
}

another_guest() {
  printf '[[guest]]\nname = "vm%d"\ncid = %d\nsquash = "all"\n' "$1" "$1"
}

# A reload after each piece that was written: another guest comes, or goes, or changes.
reloads_while_writing() {
  local turn
  for ((turn = 0; turn < turns; turn++)); do
    head -c 65536 /dev/urandom >/run/piece && cat /run/piece >>/run/pieces || return
    dd if=/run/piece of=/mnt/nfs/pieces bs=64k oflag=append,dsync conv=notrunc status=none || return
    reload "$(((turn % 3)) && another_guest $((40 + turn)))" || return
  done
  cmp /run/pieces /export/pieces
}

connections() {
  grep -c '^relay ' /lab/relay.log
}

one_connection() {
  same "the number of the relay's connections" "$(connections)" 1
}

guest_goes() {
  sed '/^\[\[guest\]\]/,$d' /lab/gateway.conf >/run/nobody.conf
  another_guest 40 >>/run/nobody.conf
  cp /lab/gateway.conf /run/before.conf
  cp /run/nobody.conf /lab/gateway.conf
  reload '' || return
  wait_for 5 "the end of the guest's connection" grep -q 'event=closed guest=vm1 .*reason=guest-removed' /lab/gateway.log
}

# The client tries to connect all the time, and is turned away until its guest is there again.
guest_comes_back() {
  (dd if=/run/piece of=/mnt/nfs/later bs=64k oflag=dsync status=none; echo $? >/run/later.status) &
  wait_for 10 "the gateway to turn the client away" grep -q 'event=no-guest' /lab/gateway.log || return
  [ ! -s /run/later.status ] || { echo "a write ended while nobody served it"; return 1; }
  cp /run/before.conf /lab/gateway.conf
  reload '' || return
  wait_for 60 "the end of the write" test -s /run/later.status || return
  same "the writer's exit status" "$(cat /run/later.status)" 0 || return
  cmp /run/piece /export/later
}

write_gateway_config gateway 2049 1
must "knfsd starts" start_knfsd '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
start_gateway gateway
start_relay relay 20490 1 2049 keep
must "the kernel's NFS client mounts version 4.2" mount_nfs 20490
must "a first file is there" touch /mnt/nfs/pieces
check "the configuration changes $turns times while a guest writes, and nothing is lost [T3]" reloads_while_writing
check "the guest's kernel has noticed none of it: its connection is the first one [T3]" one_connection
check "a guest that is removed loses its connection at once [T3]" guest_goes
check "its kernel goes on by itself when the guest is there again [T3, P10]" guest_comes_back
check "the file system unmounts" umount /mnt/nfs
check "gatehoused ends at SIGTERM" stop_gateway gateway
finish
