# knfsd.sh: the kernel's NFS server and client in the guest. Sourced after lib.sh.

# prepare_knfsd EXPORT: all that a server needs that exports the tmpfs /export by the line EXPORT, but its daemons.
prepare_knfsd() {
  modprobe -a nfsd nfsv3 nfsv4 vsock_loopback || return
  mount -t tmpfs tmpfs /var/lib/nfs && mkdir -p /var/lib/nfs/{nfsdcld,v4recovery,rpc_pipefs} && touch /var/lib/nfs/{etab,rmtab} || return
  mkdir -p /export /mnt/nfs && mount -t tmpfs -o mode=1777 tmpfs /export || return
  mount -t rpc_pipefs sunrpc /var/lib/nfs/rpc_pipefs && mount -t nfsd nfsd /proc/fs/nfsd || return
  echo "$1" >/etc/exports
  # Nothing of the host's: Debian's manage-gids would replace a caller's groups by those of the server's own accounts.
  rm -rf /etc/nfs.conf /etc/nfs.conf.d /etc/exports.d
  nfsdcld -p /var/lib/nfs/rpc_pipefs -s /var/lib/nfs/nfsdcld || return
  echo 1048576 >/proc/fs/nfsd/max_block_size || return   # with little memory the server would offer blocks of 64 KiB
  exportfs -ra
}

# start_knfsd EXPORT: an NFSv4 server on TCP 2049. Version 4 alone needs neither rpcbind nor statd, and without lockd no grace period
# delays the first lock.
start_knfsd() {
  prepare_knfsd "$1" && rpc.mountd -N 3 && rpc.nfsd -N 3 4
}

# start_knfsd3 EXPORT: the same with NFSv3 too, and MOUNT on TCP 20048.
start_knfsd3() {
  prepare_knfsd "$1" && rpcbind -w && rpc.mountd -p 20048 && rpc.nfsd 4
}

# add_mountd NAME: MOUNT by AUTH_SYS beside NFS, over the same listeners, in /lab/NAME.conf.
add_mountd() {
  sed -i 's/^backends = .*/backends = ["nfs", "mountd"]\nsec_by_program = { mountd = ["sys"] }/' "/lab/$1.conf" && cat >>"/lab/$1.conf" <<CONF
[[backend]]
name = "mountd"
address = "tcp:127.0.0.1:20048"
programs = ["mountd:3"]
CONF
}

# mount_version VERSION PORT [OPTION]: mounts the server's root, or /export where that is version 3's name for it, at /mnt/nfs through
# TCP 127.0.0.1:PORT, which version 3 asks for MOUNT too.
mount_version() {
  local path=/ options=vers=$1,port=$2${3:+,$3}
  [ "$1" != 3 ] || { path=/export; options+=",proto=tcp,mountproto=tcp,mountport=$2,nolock"; }
  timeout 30 mount -t nfs -o "$options" "gw.test:$path" /mnt/nfs
}

# mount_nfs PORT: mounts the server's root, version 4.2, at /mnt/nfs through TCP 127.0.0.1:PORT.
mount_nfs() {
  timeout 20 mount -t nfs -o "vers=4.2,sec=sys,port=$1" 127.0.0.1:/ /mnt/nfs
}

# client_fact WORD: the value of the line "WORD: value" that the server keeps about its only client.
client_fact() {
  cat /proc/fs/nfsd/clients/*/info | sed -n "s/^$1: //p" | tr -d '"'
}

# backchannel_is_up: waits until the server counts its client's connection as a backchannel. It has not used it then.
backchannel_is_up() {
  wait_for 10 "callback state UP" backchannel_up || { echo "the callback state is $(client_fact 'callback state')"; return 1; }
}

backchannel_up() {
  [ "$(client_fact 'callback state')" = UP ]
}

# relayed_port NAME: the vsock source port of the newest connection of the relay NAME.
relayed_port() {
  sed -n 's/^relay [0-9]* -> \([0-9]*\)$/\1/p' "/lab/$1.log" | tail -n 1
}

# server_peer: address and port of the other end of the server's only connection.
server_peer() {
  ss -tnH state established '( sport = :2049 )' | awk '{ print $4 }'
}

# connection_is_the_guest: true when the server's connection comes from the guest's source address and the port the client itself bound.
connection_is_the_guest() {
  local port
  port=$(relayed_port relay)
  same "the other end of the server's connection" "$(server_peer)" "127.66.0.1:$port" || return
  [ "$port" -lt 1024 ] || { echo "the source port is $port"; return 1; }
}

# operations NAME: how often the mount's client has called the NFSv4 operation.
operations() {
  awk -v name="$1:" '$1 == name { sum += $2 } END { print sum + 0 }' /proc/self/mountstats
}

# more_operations NAME COUNT: whether the mount's client has called the operation more often than that.
more_operations() {
  [ "$(operations "$1")" -gt "$2" ]
}

# has_delegation FILE: whether the server has a delegation of the file.
has_delegation() {
  grep -q "type: deleg.*filename: \"/$1\"" /proc/fs/nfsd/clients/*/states
}

# delegation_is_recalled [FILE]: true when the server's own writer gets a file at once that the client holds a read delegation of. That
# proves the backchannel works in both directions: without one the writer would wait for the lease break time, 45 s, whatever state is
# shown. The file is one that was not recalled before: for a while the server grants no delegation of such a one.
delegation_is_recalled() {
  local file=${1:-recalled} before
  echo one >"/export/$file"
  before=$(operations DELEGRETURN)
  exec 9<"/mnt/nfs/$file"
  has_delegation "$file" || { echo "the server granted no read delegation, so there is nothing to recall"; return 1; }
  timeout 8 sh -c 'echo two >"/export/$0"' "$file" || { echo "the server's local writer waited 8 s for the delegation"; return 1; }
  exec 9<&-
  wait_for 5 "the return of the delegation" more_operations DELEGRETURN "$before" || return   # counted when its reply is here
  same "the file as the client reads it" "$(cat "/mnt/nfs/$file")" two
}
