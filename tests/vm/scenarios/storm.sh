#!/bin/bash
# Sixteen writers over four connections while the gateway is killed every second for half a minute, and then the server is restarted. The
# mount is hard: each writer sees a file system that is slow for a moment, and nothing else.
#   client --TCP--> gatehouse-guest --vsock--> gatehoused --TCP, 127.66.0.1--> knfsd
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/writers.sh"

kills=30

# short_grace: a server that waits for its clients' claims no longer than they need.
short_grace() {
  echo 10 >/proc/fs/nfsd/nfsv4leasetime && echo 10 >/proc/fs/nfsd/nfsv4gracetime
}

serve() {
  prepare_knfsd "$1" && short_grace && rpc.mountd -N 3 && rpc.nfsd -N 3 4
}

mount_four() {
  timeout 30 mount -t nfs -o "vers=4.2,sec=sys,hard,nconnect=4,port=20490" 127.0.0.1:/ /mnt/nfs
}

four_connections() {
  wait_for 20 "four connections at the server" connections_are 4
}

connections_are() {
  [ "$(ss -tnH state established '( sport = :2049 )' | wc -l)" -ge "$1" ]
}

client_reads_it_all() {
  echo 3 >/proc/sys/vm/drop_caches
  written_is_in /mnt/nfs
}

# kill_every_second: the gateway, `kills` times, each time as soon as the one before is up.
kill_every_second() {
  local n
  began=$SECONDS
  for n in $(seq "$kills"); do
    wait_for 10 "second $n" have_passed "$n" || return
    signal_gateway gateway KILL
    wait_for 5 "the end of gatehoused" test -s /run/gateway.status || return
    start_gateway gateway || return
    writers_go_on || return
  done
}

# have_passed SECONDS: since `began`.
have_passed() {
  [ $((SECONDS - began)) -ge "$1" ]
}

restart_server() {
  local n
  for n in 1 2 3; do
    rpc.nfsd 0 || return
    wait_for 5 "the end of the server" connections_gone || return
    rpc.nfsd -N 3 4 || return
    wait_for 60 "the clients' return" more_operations WRITE $(($(operations WRITE) + 16)) || return
    writers_go_on || return
  done
}

connections_gone() {
  ! connections_are 1
}

write_gateway_config gateway 2049 1
must "knfsd starts" serve '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
start_gateway gateway
start_guest_relay relay 20490 1 2049
must "the kernel's NFS client mounts with four connections" mount_four
check "sixteen writers begin" begin_writers 16
check "the mount uses four connections" four_connections
check "gatehoused is killed and started again every second for half a minute, and no writer sees an error [P10]" kill_every_second
check "all of them end well" writers_end_well
check "the server has every byte they wrote" written_is_in /export
check "and so has the client, after dropping its caches" client_reads_it_all
check "sixteen writers begin anew" begin_writers 16
check "the server is restarted three times, and no writer sees an error [P13]" restart_server
check "all of them end well again" writers_end_well
check "the server has every byte of this, too" written_is_in /export
check "the file system unmounts" umount /mnt/nfs
check "gatehoused ends at SIGTERM" stop_gateway gateway
finish
