#!/bin/bash
# The gateway's own rpcbind over real AF_VSOCK, as a virtual machine has it: a network namespace whose loopback ports 111 and 2049 are the
# relay's. rpcinfo reads there what the guest may use, and NFSv3 mounts with no port stated: mount.nfs asks for those of NFS and MOUNT.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"

# write_rpcbind_config NAME: NFS 3 and MOUNT 3 for the guest of CID 1, and rpcbind on vsock port 111; another guest has NFS 4 as well.
write_rpcbind_config() {
  write_gateway_config "$1" 2049 1 || return
  sed -i -e 's/^programs = .*/programs = ["nfs:3-4"]/' -e 's/^cid = 1$/&\nprograms = ["nfs:3", "mountd:3"]/' "/lab/$1.conf" && add_mountd "$1" || return
  cat >>"/lab/$1.conf" <<CONF
[[listener]]
name = "rpcbind"
address = "vsock:any:111"
rpcbind = true
[[guest]]
name = "other"
cid = 77
source_address = "127.66.0.77"
backends = ["nfs"]
CONF
}

# in_machine COMMAND...: in the network namespace of the virtual machine.
in_machine() {
  nsenter --net=/run/machine.net "$@"
}

# machine_starts: its network has nothing but a loopback, where the relay listens.
machine_starts() {
  touch /run/machine.net && unshare --net=/run/machine.net ip link set lo up || return
  local port
  for port in 111 2049; do
    (in_machine "$BUILD/guest/gatehouse-guest" --listen "127.0.0.1:$port" --to "vsock:1:$port" >"/lab/relay-$port.log" 2>&1 &)
    wait_for 10 "the relay on port $port" grep -q event=ready "/lab/relay-$port.log" || return
  done
}

# lists WANTED COMMAND...: the fields 1 to 4 of what rpcinfo prints, without its title.
lists() {
  local wanted=$1
  shift
  in_machine timeout 20 "$@" >/lab/rpcinfo.said 2>&1 || { tail -n 1 /lab/rpcinfo.said; return 1; }
  same "what $* lists" "$(awk '$1 != "program" { print $1, $2, $3, $4 }' /lab/rpcinfo.said | tr '\n' ';')" "$wanted"
}

by_version_2() {
  lists '100000 2 tcp 111;100000 3 tcp 111;100000 4 tcp 111;100003 3 tcp 2049;100005 3 tcp 2049;' rpcinfo -p 127.0.0.1
}

by_version_4() {
  lists '100000 2 vsockc 2.111;100000 3 vsockc 2.111;100000 4 vsockc 2.111;100003 3 vsockc 2.2049;100005 3 vsockc 2.2049;' rpcinfo 127.0.0.1
}

# answers NUMBER VERSION: rpcinfo finds the program by its address and calls it there.
answers() {
  in_machine timeout 20 rpcinfo -T tcp 127.0.0.1 "$1" "$2" | grep -q 'ready and waiting'
}

does_not_answer() {
  in_machine timeout 20 rpcinfo -T tcp 127.0.0.1 "$1" "$2" >/lab/rpcinfo.said 2>&1 && { cat /lab/rpcinfo.said; return 1; }
  grep -qi 'not registered' /lab/rpcinfo.said || { tail -n 1 /lab/rpcinfo.said; return 1; }
}

mounts_without_ports() {
  in_machine timeout 60 mount -t nfs -o vers=3,proto=tcp,mountproto=tcp,nolock 127.0.0.1:/export /mnt/nfs || return
  grep ' /mnt/nfs ' /proc/self/mounts | grep -q 'vers=3,.*mountport=2049' || { grep ' /mnt/nfs ' /proc/self/mounts; return 1; }
}

data_survives() {
  head -c 2M /dev/urandom >/run/data && install -m 0666 /dev/null /export/data || return
  dd if=/run/data of=/mnt/nfs/data bs=1M conv=fsync status=none && cmp /run/data /export/data || return
  echo 3 >/proc/sys/vm/drop_caches
  cmp /run/data /mnt/nfs/data
}

must "knfsd starts with version 3" start_knfsd3 '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
must "the configuration is written" write_rpcbind_config view
start_gateway view
must "the machine and its relays start" machine_starts
check "rpcinfo -p lists over AF_VSOCK what the guest may use, and no program of the host's own rpcbind [V2, P8]" by_version_2
check "rpcinfo lists netid vsockc and CID 2 [V1, V2, V10]" by_version_4
check "rpcinfo finds NFS by its address and calls it [V2]" answers 100003 3
check "what the guest may not use is not registered [V2]" does_not_answer 100021 4
check "NFSv3 mounts with no port stated: those of NFS and MOUNT come from rpcbind [V2]" mounts_without_ports
check "2 MiB written through it are the same at the server and after dropping caches [V2]" data_survives
check "it unmounts" umount /mnt/nfs
check "gatehoused ends with status 0 on SIGTERM [T6]" stop_gateway view
finish
