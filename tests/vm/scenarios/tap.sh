#!/bin/bash
# A guest on a TAP link, for which a pair of veth stands, the far end in a network namespace of its own: the kernel's NFS client mounts over
# IPv6 link-local, and the interface is who it is, whatever address it takes.
#   client in the namespace --TCP, fe80::2%eth0--> gatehoused, [fe80::1%tap0] --TCP, 127.66.0.1--> knfsd
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"

# make_link HOST-END NUMBER: a veth from this side to `eth0` of the namespace vmNUMBER, with the addresses fe80::1 and fe80::2.
make_link() {
  ip netns add "vm$2" && ip link add "$1" type veth peer name eth0 netns "vm$2" || return
  ip addr add fe80::1/64 dev "$1" nodad && ip link set "$1" up || return
  ip -n "vm$2" addr add fe80::2/64 dev eth0 nodad && ip -n "vm$2" link set eth0 up && ip -n "vm$2" link set lo up
}

# in_guest NUMBER COMMAND...: in the guest's network, and in this mount namespace, so that what it mounts is seen here.
in_guest() {
  local number=$1
  shift
  nsenter --net="/run/netns/vm$number" -- "$@"
}

mount_guest() {
  mkdir -p "/mnt/vm$1" && in_guest "$1" timeout 20 mount -t nfs -o "vers=4.2,sec=sys,proto=tcp6,port=2049" '[fe80::1%eth0]:/' "/mnt/vm$1"
}

user_is_himself() {
  setpriv --reuid 1000 --regid 1000 --clear-groups sh -c 'echo data >/mnt/vm1/file' || return
  same "the owner on the server" "$(stat -c %u:%g /export/file)" 1000:1000 || return
  same "the file on the server" "$(cat /export/file)" data
}

# link_peer: the gateway's end of its link to the server; the guest's connection to the gateway has the same port 2049.
link_peer() {
  ss -tnH state established '( sport = :2049 )' src 127.0.0.1 | awk '{ print $4 }'
}

server_sees_the_guest() {
  local peer
  peer=$(link_peer)
  same "the address at the server" "${peer%:*}" 127.66.0.1 || return
  [ "${peer##*:}" -lt 1024 ] || { echo "the port at the server is ${peer##*:}"; return 1; }
}

port_is_the_clients() {
  local port
  port=$(in_guest 1 ss -tnH state established '( dport = :2049 )' | awk '{ n = split($3, part, ":"); print part[n] }')
  same "the port at the server" "$(link_peer)" "127.66.0.1:$port"
}

# closed_before_an_answer NUMBER: by the gateway, to a call of that guest.
closed_before_an_answer() {
  in_guest "$1" "$python" - <<'PY'
import socket, struct, sys
call = struct.pack(">10I", 1, 0, 2, 100003, 4, 0, 0, 0, 0, 0)
with socket.create_connection(("fe80::1%eth0", 2049), timeout=10) as sock:
    try:
        sock.sendall(struct.pack(">I", 0x80000000 | len(call)) + call)
        answer = sock.recv(1)
    except ConnectionResetError:
        answer = b""
if answer:
    sys.exit("the gateway answered")
PY
}

stranger_is_closed() {
  closed_before_an_answer 2 || return
  logged gateway 'event=no-guest' 'peer="?tcp:tap1:'
}

# address_is_no_identity: the stranger takes the first guest's very address, on its own link.
address_is_no_identity() {
  ip -n vm2 addr del fe80::2/64 dev eth0 && ip -n vm2 addr add fe80::2/64 dev eth0 nodad || return
  closed_before_an_answer 2
}

listener_comes_later() {
  logged gateway 'event=listener-failed' 'listener=tap2' 'retried=yes' || return
  make_link tap2 3 || return
  wait_for 15 "the listener" grep -q 'event=listening listener=tap2' /lab/gateway.log
}

# is_a_client_of_its_own NUMBER: clones of one image would tell the server the same name.
is_a_client_of_its_own() {
  in_guest "$1" unshare --mount sh -c "mount -t sysfs sysfs /sys && echo guest-$1 >/sys/fs/nfs/net/nfs_client/identifier"
}

# another_guest_recalls: one guest holds a read delegation, the other writes the file: the first one's is called back, over the backchannel
# that the gateway relays. Without one the writer would wait for the lease break time, 45 s.
another_guest_recalls() {
  local before
  echo one >/export/shared && chmod 666 /export/shared
  exec 9</mnt/vm1/shared
  has_delegation shared || { echo "the server granted no read delegation, so there is nothing to recall"; return 1; }
  before=$(operations DELEGRETURN)
  timeout 8 sh -c 'echo two >/mnt/vm3/shared' || { echo "the other guest waited 8 s for the delegation"; return 1; }
  exec 9<&-
  wait_for 5 "the return of the delegation" more_operations DELEGRETURN "$before" || return
  same "the file as the first guest reads it" "$(cat /mnt/vm1/shared)" two
}

clients_are_two() {
  same "the clients' addresses at the server" "$(client_fact address | sed 's/:.*//' | sort | xargs)" "127.66.0.1 127.66.0.3"
}

must "IPv6 and veth are there" modprobe -a ipv6 veth
must "the first guest's link is made" make_link tap0 1
must "the stranger's link is made" make_link tap1 2
cat >/lab/gateway.conf <<'CONF'
[[listener]]
name = "tap0"
address = "tcp:[fe80::1%tap0]:2049"
[[listener]]
name = "tap1"
address = "tcp:[fe80::1%tap1]:2049"
[[listener]]
name = "tap2"
address = "tcp:[fe80::1%tap2]:2049"
[[backend]]
name = "nfs"
address = "tcp:127.0.0.1:2049"
programs = ["nfs:4"]
[[guest]]
name = "vm1"
interface = "tap0"
source_address = "127.66.0.1"
sec = ["sys"]
backends = ["nfs"]
[[guest]]
name = "vm3"
interface = "tap2"
source_address = "127.66.0.3"
sec = ["sys"]
backends = ["nfs"]
CONF
must "knfsd starts" prepare_knfsd '/export 127.66.0.0/24(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
must "its daemons start" eval 'rpc.mountd -N 3 && rpc.nfsd -H 127.0.0.1 -N 3 4'
start_gateway gateway
must "the kernel's NFS client is loaded" modprobe nfsv4
must "the first guest has a client's name of its own" is_a_client_of_its_own 1
check "the kernel's NFS client mounts over a link-local address of its TAP link [A2]" mount_guest 1
check "a user of that guest is who he is at the server" user_is_himself
check "the server sees the guest's own source address and a reserved port [L4]" server_sees_the_guest
check "and that port is the client's own [P10]" port_is_the_clients
check "a TAP link without a guest entry is closed before any answer, and logged [A2, V6]" stranger_is_closed
check "a guest's address on another link is not the guest [L3]" address_is_no_identity
check "a link that is made after the gateway was started is listened on when it is there" listener_comes_later
must "the other guest has a client's name of its own" is_a_client_of_its_own 3
check "another guest mounts by that link [A2]" mount_guest 3
check "the server sees two clients, each with its guest's source address [L4]" clients_are_two
check "a delegation of one guest is recalled over the backchannel when the other writes the file [V12]" another_guest_recalls
check "the file systems unmount" umount /mnt/vm1 /mnt/vm3
check "gatehoused ends at SIGTERM" stop_gateway gateway
finish
