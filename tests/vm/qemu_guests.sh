# qemu_guests.sh: virtual machines with CIDs of their own, inside QEMU: each is a process, vsguest, that drives /dev/vhost-vsock. Sourced
# after lib.sh. All of QEMU's guest is the host here, CID 2.

vsguest=$BUILD/tests/vm/vsguest/vsguest

# prepare_host: what makes this kernel a host of virtual machines.
prepare_host() {
  modprobe -a vhost_vsock && [ -c /dev/vhost-vsock ] && return
  echo "there is no /dev/vhost-vsock: $(dmesg | tail -n 1)"
  return 1
}

# start_machine NAME CID OPTION...: a machine with that CID; vsguest's usage says what it can do. Its log is /lab/NAME.log, its process id
# in /run/NAME.pid. Where there is a network namespace of that name, its local sockets are there.
start_machine() {
  local name=$1 cid=$2
  shift 2
  : >"/lab/$name.log"
  inside "$name" "$vsguest" --cid "$cid" "$@" >>"/lab/$name.log" 2>&1 &   # "exec": its process id is vsguest's
  echo $! >"/run/$name.pid"
  must "the machine $name starts" wait_for 30 "vsguest's ready" machine_ready "$name"
  grep -q '^ready' "/lab/$name.log" || must "the machine $name runs" cat "/lab/$name.log" /nonexistent
}

# inside NAME COMMAND...: runs the command in the network namespace of that name, where there is one. Mounts stay visible to all.
inside() {
  local name=$1
  shift
  if [ -e "/run/netns/$name" ]; then exec nsenter "--net=/run/netns/$name" "$@"; else exec "$@"; fi
}

machine_ready() {
  grep -q '^ready' "/lab/$1.log" || ! machine_lives "$1"
}

machine_lives() {
  kill -0 "$(cat "/run/$1.pid")" 2>/dev/null
}

# kill_machine NAME: the machine is gone at once, as one whose hypervisor was killed. Returns when its CID is free again.
kill_machine() {
  kill -KILL "$(cat "/run/$1.pid")" && wait_for 10 "the machine's end" machine_is_gone "$1"
}

machine_is_gone() {
  ! machine_lives "$1"
}

# client_network NAME: a network namespace in which a kernel's NFS client is a machine of its own: with its own owner name, without which a
# server takes clients of one kernel for one.
client_network() {
  ip netns add "$1" && ip -n "$1" link set lo up || return
  # /sys shows the namespace that mounted it, and `ip netns exec` mounts it anew.
  ip netns exec "$1" sh -c 'echo "$0" >/sys/fs/nfs/net/nfs_client/identifier' "$1"
}

# mount_inside NAME PATH [WHERE]: mounts the server's PATH, version 4.2, at /mnt/NAME or WHERE by the machine NAME's relay on port 2049.
mount_inside() {
  local where=${3:-/mnt/$1}
  mkdir -p "$where"
  (inside "$1" timeout 60 mount -t nfs -o vers=4.2,sec=sys "127.0.0.1:$2" "$where")
}

# port_of NAME: the vsock source port of the newest connection of the machine NAME.
port_of() {
  sed -n 's/^relay [0-9]* -> \([0-9]*\)$/\1/p' "/lab/$1.log" | tail -n 1
}

# descriptors NAME: how many the gateway has open.
descriptors() {
  find "/proc/$(cat "/run/$1.pid")/fd" -mindepth 1 | wc -l
}

descriptors_are() {
  [ "$(descriptors gateway)" -eq "$1" ]
}

# counter GUEST WORD: what the newest counters in gateway.log say.
counter() {
  grep 'event=counters' /lab/gateway.log | grep "guest=$1 " | tail -n 1 | sed -n "s/.* $2=\([0-9]*\).*/\1/p"
}

# fresh_counters: makes the gateway log them.
fresh_counters() {
  local before
  before=$(grep -c 'event=counters no_guest' /lab/gateway.log)
  signal_gateway gateway USR1 && wait_for 10 "the counters" more_counters "$before"
}

more_counters() {
  [ "$(grep -c 'event=counters no_guest' /lab/gateway.log)" -gt "$1" ]
}
