#!/bin/bash
# Two virtual machines with CIDs of their own: each has its own policy, export and place at the server, whatever the other does or becomes
# of it. A third, CID 44, is in no guest entry.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/qemu_guests.sh"
. "$here/qemu_nfs.sh"

# reads_only OWN OTHER: the machine reads its own export, and where the other's is, it finds the empty directory that is under it.
reads_only() {
  same "the note of $1" "$(cat "/mnt/$1/note")" "only for $1" || return
  mount_inside "$1" "/$2" /mnt/other || return
  local found
  found=$(cd /mnt/other && ls -a . && cat note 2>&1)
  umount /mnt/other
  same "what is there" "${found//$'\n'/ }" ". .. cat: note: No such file or directory"
}

server_sees_two_clients() {
  local name address
  same "the number of clients" "$(grep -h '^clientid:' /proc/fs/nfsd/clients/*/info | sort -u | wc -l)" 2 || return
  for name in g42 g43; do
    address=127.66.0.${name#g}:$(port_of "$name")
    grep -q "^address: \"$address\"" /proc/fs/nfsd/clients/*/info ||
      { echo "no client has the address $address: $(grep -h '^address' /proc/fs/nfsd/clients/*/info | tr '\n' ' ')"; return 1; }
    [ "$(port_of "$name")" -lt 1024 ] || { echo "the client's port is $(port_of "$name")"; return 1; }
  done
}

policies_differ() {
  (umask 0; setpriv --reuid 1000 --regid 1000 --clear-groups touch /mnt/g42/by-user /mnt/g43/by-user) || return
  same "the owner of g42's file" "$(stat -c %u:%g /export/g42/by-user)" 1000:1000 || return
  same "the owner of g43's file" "$(stat -c %u:%g /export/g43/by-user)" 4300:4300
}

# call NAME EXPECTED: a call by the machine NAME, from a port above 1023.
call() {
  "$python" -B "$here/qemu/hostile.py" call "/run/$1.sock" "$2"
}

high_port_is_refused() {
  call g42 refused || return
  [ "$(port_of g42)" -gt 1023 ] || { echo "the call came from port $(port_of g42)"; return 1; }
  logged gateway 'event=refused' 'guest=g42' "peer=vsock:42:$(port_of g42)( |$)" 'rule=secure'
}

stranger_is_closed() {
  local before
  fresh_counters || return
  before=$(strangers)
  call g44 closed || return
  logged gateway 'event=no-guest' "peer=vsock:44:$(port_of g44)( |$)" || return
  fresh_counters || return
  same "the number of peers without a guest" "$(strangers)" $((before + 1))
}

strangers() {
  grep 'event=counters no_guest' /lab/gateway.log | tail -n 1 | sed 's/.*no_guest=//'
}

# bound_to_host: the listener on CID 2 takes a machine's connection; one to CID 1 finds nobody.
bound_to_host() {
  call g42-host answered || return
  local said
  said=$("$python" "$here/probe.py" 1 2050) && { echo "a connection to CID 1 was taken"; return 1; }
  [[ $said == *"reset"* ]] || { echo "the probe said $said"; return 1; }
}

# local_process_is_no_guest: a process of the host itself gets to the listener on any CID, and no further.
local_process_is_no_guest() {
  "$python" "$here/probe.py" 1 2049 --expect closed || return
  logged gateway 'event=no-guest' 'peer=vsock:[12]:600( |$)'
}

half_written() {
  [ "$(stat -c %s /export/g43/big)" -gt $((400 * 1024)) ]
}

# start_writer: g43 writes 4 MiB, each 16 KiB at the server before the next are sent; the writer's status is in /run/writer.status.
start_writer() {
  head -c 4M /dev/urandom >/run/big
  (dd if=/run/big of=/mnt/g43/big bs=16k oflag=dsync status=none; echo $? >/run/writer.status) &
  must "g43 writes" wait_for 60 "the first blocks" half_written
}

dies_in_mid_write() {
  [ ! -s /run/writer.status ] || { echo "the writer had ended before"; return 1; }
  kill_machine g43 && nothing_is_left g43 "$one_guest"
}

comes_back() {
  wait_for 120 "the writer's end" test -s /run/writer.status || return
  same "the writer's status" "$(cat /run/writer.status)" 0 || return
  cmp /run/big /export/g43/big
}

# no_second_machine: the kernel gives a CID to one machine at a time: nobody can be g42 beside it.
no_second_machine() {
  local said
  said=$("$vsguest" --cid 42 2>&1) && { echo "a second machine has CID 42"; return 1; }
  [[ $said == *"Address already in use"* ]] || { echo "vsguest said $said"; return 1; }
}

start_two_guests
modprobe vsock_loopback
one_guest=$(descriptors gateway)
start_g43
must "g43 mounts its export" mount_inside g43 /g43
start_machine g44 44 --relay unix:/run/g44.sock=2049
check "guest 42 reads its own export and not guest 43's [V6, V8]" reads_only g42 g43
check "guest 43 reads its own export and not guest 42's [V6, V8]" reads_only g43 g42
check "the server sees two clients, each with its guest's source address and its own kernel's port [L4, P10]" server_sees_two_clients
check "each guest's policy is its own [V6]" policies_differ
check "a port above 1023 is refused, and logged with the CID and port that the kernel gave [V4, V5]" high_port_is_refused
check "a CID without a guest entry is closed before a byte is read, counted and logged [V4, V6]" stranger_is_closed
check "a listener on CID 2 takes a guest's connection and none that is local [V4]" bound_to_host
check "a local process that finds the listener on any CID is closed before a byte is read [V4]" local_process_is_no_guest
check "a CID belongs to one machine at a time" no_second_machine
start_load
start_writer
check "of a machine killed in mid-write the gateway keeps no descriptor, call or byte [P10]" dies_in_mid_write
check "the other guest's calls go on [P10]" load_goes_on
start_g43
check "the machine comes back with its CID, and its writer ends well [P10]" comes_back
check "the other guest has lost no call and no byte meanwhile [P10]" stop_load
check "both file systems unmount" umount /mnt/g42 /mnt/g43
check "gatehoused ends at SIGTERM" stop_gateway gateway
finish
