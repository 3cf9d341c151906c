#!/bin/bash
# mount -t gatehouse, as inside a virtual machine, by the kernel's NFS client through the relay that the helper starts:
#   client --TCP--> gatehouse-guest --vsock, CID 1--> gatehoused --TCP, 127.66.0.1--> knfsd
# and who gets a reserved vsock port from the relay, and who does not.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/kerberos.sh"

forged="$python $here/scenarios/guest_forged_root.py"

# write_guest_config NAME: Kerberos and sys for the guest of CID 1, NFS 3 and 4 and MOUNT through the one listener on vsock port 2049.
write_guest_config() {
  write_krb5_config "$1" sys krb5 krb5i krb5p || return
  sed -i -e 's/^programs = .*/programs = ["nfs:3-4"]/' -e 's/^backends = .*/backends = ["nfs", "mountd"]/' "/lab/$1.conf" || return
  cat >>"/lab/$1.conf" <<CONF
[[backend]]
name = "mountd"
address = "tcp:127.0.0.1:20048"
programs = ["mountd:3"]
CONF
}

# mount_it OPTIONS [SPEC]: what an administrator types. What it says is in /lab/mount.said, its status is returned.
mount_it() {
  local status=0
  timeout 60 mount -t gatehouse "${2:-1:/}" /mnt/nfs -o "$1" >/lab/mount.said 2>&1 || status=$?
  tail -n 1 /lab/mount.said
  return "$status"
}

unmount() {
  umount /mnt/nfs || return
  ! grep -q ' /mnt/nfs ' /proc/self/mounts || { echo "it is still mounted"; return 1; }
}

# mounted_with WORD...: the kernel's line of /mnt/nfs has all these words.
mounted_with() {
  local line word
  line=$(grep ' /mnt/nfs ' /proc/self/mounts)
  for word; do grep -qE -e "$word" <<<"$line" || { echo "no $word in: $line"; return 1; }; done
}

# file_survives: what is written through the mount is what the server has, and what is read again.
file_survives() {
  head -c 2M /dev/urandom >/run/data && install -m 0666 /dev/null /export/data || return
  dd if=/run/data of=/mnt/nfs/data bs=1M conv=fsync status=none && cmp /run/data /export/data || return
  echo 3 >/proc/sys/vm/drop_caches
  cmp /run/data /mnt/nfs/data
}

# mounts_sys VERSION OPTIONS [SPEC]: mounts, works, unmounts.
mounts_sys() {
  mount_it "$2" "${3:-1:/}" && mounted_with "vers=$1," 'sec=sys' 'addr=127.0.0.1' || return
  file_survives || { umount /mnt/nfs; return 1; }
  unmount
}

# mounts_by_fstab OPTIONS: by a line of fstab with all that may stand in one.
mounts_by_fstab() {
  echo "1:/ /mnt/nfs gatehouse $1 0 0" >/etc/fstab
  timeout 60 mount /mnt/nfs || return
  mounted_with 'vers=4.1,' 'nosuid' && file_survives || { umount /mnt/nfs; return 1; }
  unmount
}

mounts_krb5() {
  mount_it "sec=$1,server=gw.test" && mounted_with "sec=$1" 'vers=4.2' '^gw.test:/ ' || return
  install -d -m 0700 -o 5001 -g 5001 "/export/$1" && as_user alice touch "/mnt/nfs/$1/file" || { umount /mnt/nfs; return 1; }
  unmount || return
  same "the owner of alice's file on the server" "$(owner "$1/file")" 5001:5001
}

relays() {
  pgrep -cf '^gatehouse-guest --to vsock:1:2049'
}

one_relay_for_two_mounts() {
  mkdir -p /mnt/other
  timeout 60 mount -t gatehouse 1:/ /mnt/nfs -o vers=4.2 &
  timeout 60 mount -t gatehouse 1:/ /mnt/other -o vers=4.1 || return
  wait $! || return
  same "the number of relays" "$(relays)" 1 || return
  umount /mnt/other
  touch /mnt/nfs/still-here
}

no_relay() {
  [ "$(relays)" = 0 ]
}

relay_goes() {
  same "the number of relays" "$(relays)" 1 || return
  unmount && wait_for 15 "the relay's end" no_relay
}

# relay_comes_back: a mount that has lost its relay goes on when the next mount has started another.
relay_comes_back() {
  mount_it vers=4.2 && kill -KILL "$(pgrep -f '^gatehouse-guest --to vsock:1:2049')" || return
  wait_for 5 "the relay's end" no_relay || return
  timeout 60 mount -t gatehouse 1:/ /mnt/other -o vers=4.1 && umount /mnt/other || return
  timeout 60 touch /mnt/nfs/again || return
  unmount
}

# idle_mount_holds_the_relay: a mount of version 3 that has no connection, because the gateway has gone, and asks for nothing. Another
# relay, which nobody uses, ends meanwhile and tells the time.
idle_mount_holds_the_relay() {
  mount_it vers=3 1:/export && signal_gateway gateway KILL || return
  wait_for 5 "the end of gatehoused" test -s /run/gateway.status || return
  wait_for 5 "the end of the mount's connection" without_connection || return
  timeout 30 "$BUILD/guest/gatehouse-guest" --listen 127.0.0.1:20492 --to vsock:1:2999 --exit-when-unused /run/clock 2>/dev/null || return
  start_gateway gateway
  timeout 30 touch /mnt/nfs/idle || return
  unmount
}

without_connection() {
  [ -z "$(ss -tnH state established "( dport = :$(cat /run/gatehouse-guest/vsock-1-2049) )")" ]
}

# waits_for_the_gateway: with retry= the helper goes on trying; the gateway is started when it has begun.
waits_for_the_gateway() {
  mount_it vers=4.2,retry=1 &
  local helper=$!
  wait_for 5 "the mount helper" pgrep -x mount.gatehouse || return
  start_gateway gateway
  wait "$helper" || return
  unmount
}

# relay_is_safe: it listens below 1024, where no user can listen in its place, and with no capability but the one.
relay_is_safe() {
  local port process
  port=$(cat /run/gatehouse-guest/vsock-1-2049) process=$(pgrep -f '^gatehouse-guest --to vsock:1:2049')
  [ "$port" -lt 1024 ] || { echo "it listens on port $port"; return 1; }
  same "its capabilities" "$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$process/status")" 0000000000000400
}

# fails STATUS WORDS COMMAND...: the command ends with that status and says just one line, which has the words.
fails() {
  local status=0 wanted=$1 words=$2
  shift 2
  "$@" >/lab/mount.said 2>&1 || status=$?
  grep -v -e '^$' /lab/mount.said >/lab/mount.lines
  same "the exit status" "$status" "$wanted" && same "the number of lines" "$(wc -l </lab/mount.lines)" 1 || { cat /lab/mount.said; return 1; }
  grep -qE -e "$words" /lab/mount.lines || { echo "it said: $(cat /lab/mount.lines)"; return 1; }
}

# nonsense SPEC WORDS
nonsense() {
  fails 1 "$2" mount -t gatehouse "$1" /mnt/nfs
}

# as_uid_1000 ADDRESS [PORT]: a call as uid 0 by a user who is not.
as_uid_1000() {
  setpriv --reuid 1000 --regid 1000 --clear-groups $forged "$1" ${2:+--source "$2"}
}

# is_refused_from_high_port: what the gateway refused by the port rule came from ports that are none of root's.
is_refused_from_high_port() {
  logged gateway 'event=refused' 'peer=vsock:1:' 'rule=secure' >/lab/refusals || return
  ! grep -qE 'peer=vsock:1:[0-9]{1,3}( |$)|peer=vsock:1:10[01][0-9]( |$)|peer=vsock:1:102[0-3]( |$)' /lab/refusals ||
    { echo "a user came from a reserved port: $(cat /lab/refusals)"; return 1; }
}

user_by_tcp_is_refused() {
  same "the answer to a call as uid 0 by uid 1000" "$(as_uid_1000 tcp:20490)" "AUTH_ERROR TOOWEAK" && is_refused_from_high_port
}

user_by_unix_is_refused() {
  same "the answer to a call as uid 0 by uid 1000" "$(as_uid_1000 unix:/run/relay.sock)" "AUTH_ERROR TOOWEAK" && is_refused_from_high_port
}

# Its ports here are none that the kernel's NFS client takes (665 to 1023): it may have any of those.
root_is_served() {
  same "the answer to root from port 650" "$($forged tcp:20490 --source 650)" SUCCESS || return
  same "the answer to root from a high port" "$($forged tcp:20490)" "AUTH_ERROR TOOWEAK" || return
  same "the answer to root on a unix socket" "$($forged unix:/run/relay.sock)" SUCCESS
}

# With this sysctl a port below 1024 proves nothing.
user_on_an_unreserved_port_is_refused() {
  echo 600 >/proc/sys/net/ipv4/ip_unprivileged_port_start
  same "the answer to uid 1000 from port 601" "$(as_uid_1000 tcp:20490 601)" "AUTH_ERROR TOOWEAK" || return
  same "the answer to root from port 599" "$($forged tcp:20490 --source 599)" SUCCESS || return
  echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start
}

start_unix_relay() {
  ("$BUILD/guest/gatehouse-guest" --listen unix:/run/relay.sock --to vsock:1:2049 >/lab/unix-relay.log 2>&1 &)
  wait_for 10 "its socket" test -S /run/relay.sock
}

without_capability_it_closes() {
  (setpriv --bounding-set -net_bind_service --inh-caps -net_bind_service "$BUILD/guest/gatehouse-guest" --listen 127.0.0.1:20491 \
    --to vsock:1:2049 >/lab/bare-relay.log 2>&1 &)
  wait_for 10 "its socket" listens_on 20491 || return
  same "the answer to root from port 651" "$($forged tcp:20491 --source 651)" closed || return
  logged bare-relay 'event=closed' 'CAP_NET_BIND_SERVICE'
}

# without_vsock COMMAND...: while the kernel can load no module; none of vsock's has been yet.
without_vsock() {
  local status=0
  echo /bin/false >/proc/sys/kernel/modprobe
  "$@" || status=$?
  echo /sbin/modprobe >/proc/sys/kernel/modprobe
  return "$status"
}

# port_is_kept: the server sees the port that the kernel's client has bound: the relay took the same on vsock, and the gateway again.
port_is_kept() {
  mount_it relay=127.0.0.1:20490 || return
  local port
  port=$(ss -tnH state established '( dport = :20490 )' | awk '{ sub(".*:", "", $3); print $3 }')
  same "the other end of the server's connection" "$(server_peer)" "127.66.0.1:$port" || { umount /mnt/nfs; return 1; }
  unmount
}

ln -s "$BUILD/guest/mount.gatehouse" /sbin/mount.gatehouse
add_account alice 5001
check "a kernel without AF_VSOCK is told what to load" without_vsock \
  fails 32 'no AF_VSOCK: modprobe vmw_vsock_virtio_transport' mount -t gatehouse 1:/ /mnt
must "knfsd starts with version 3 too" start_knfsd3 '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
check "a spec without a colon is refused" nonsense 2/export 'names no CID'
check "a spec without a CID is refused" nonsense :/x 'nothing before the colon'
check "a spec with a relative path is refused" nonsense 2:export 'does not begin with /'
check "a CID that is no number is refused" nonsense abc:/x 'no number before the colon'
check "a CID above 2^32-2 is refused" nonsense 4294967296:/x 'above 4294967294'
check "a mount point that is not there is named" fails 32 'mount point /mnt/none does not exist' mount -t gatehouse 1:/ /mnt/none
check "a gateway that does not run is named [V6]" fails 32 'nothing listens on port 2049 of CID 1: is gatehoused running' mount_it vers=4.2
check "a CID that is not there is named" fails 32 'there is no way to CID 77' mount_it vers=4.2 77:/
must "the realm starts" start_kdc aes256-cts-hmac-sha1-96 alice
must "rpc.gssd starts" start_gssd
must "alice gets a ticket" get_ticket alice
must "the configuration is written" write_guest_config gateway
start_gateway gateway

check "version 4.2 mounts, by default, and unmounts" mounts_sys 4.2 rw
check "version 4.1 mounts and unmounts" mounts_sys 4.1 vers=4.1
check "version 3 mounts through the same listener as MOUNT, and unmounts" mounts_sys 3 vers=3 1:/export
check "a line of fstab mounts, with the options that fstab has" mounts_by_fstab 'vers=4.1,noauto,_netdev,nofail,nosuid,x-systemd.requires=x.service,comment=a'
for sec in krb5 krb5i krb5p; do
  check "sec=$sec mounts with the server's own name in Kerberos, and its users are who they are [G1]" mounts_krb5 "$sec"
done
check "two mounts at once start one relay and share it" one_relay_for_two_mounts
check "the relay listens where only root can, and can do nothing else that root can" relay_is_safe
check "when the last mount has gone the relay ends" relay_goes
check "a mount whose relay was killed goes on when another mount has started one" relay_comes_back
check "a mount without a connection holds its relay" idle_mount_holds_the_relay
check "an export that is not there is named" fails 32 'No such file or directory|not found' mount_it vers=4.2 1:/nowhere
check "with Kerberos too" fails 32 'exports no /nowhere' mount_it sec=krb5,server=gw.test 1:/nowhere
check "a vsock port where nobody listens is named" fails 32 'nothing listens on port 2999 of CID 1' mount_it vsockport=2999
check "a relay that does not run is named" fails 32 'no relay listens at 127.0.0.1:20499' mount_it relay=127.0.0.1:20499

start_guest_relay relay 20490 1 2049
must "a relay listens on a unix socket" start_unix_relay
check "a mount through a relay that is named works" mounts_sys 4.2 relay=127.0.0.1:20490
check "the kernel client's reserved port is the same on vsock and at the server [V5, P10]" port_is_kept
check "uid 1000 with a forged uid 0 is refused: the relay gives it no reserved port [V5]" user_by_tcp_is_refused
check "uid 1000 is refused on the relay's unix socket too [V5]" user_by_unix_is_refused
check "root of this machine is served by its reserved port or its uid, and only so [V5]" root_is_served
check "a port below 1024 that anybody may bind makes nobody root [V5]" user_on_an_unreserved_port_is_refused
check "a relay that may bind no reserved port closes root's connection rather than to demote it" without_capability_it_closes
check "gatehoused ends at SIGTERM" stop_gateway gateway
check "with retry= a mount waits for a gateway that is not there yet" waits_for_the_gateway
check "gatehoused ends at SIGTERM once more" stop_gateway gateway

write_gateway_config stranger 2049 42
start_gateway stranger
check "a CID without a guest entry is told so [V6]" fails 32 'no \[\[guest\]\] entry for this virtual machine' mount_it vers=4.2
check "gatehoused ends at SIGTERM when it has seen strangers only" stop_gateway stranger
finish
