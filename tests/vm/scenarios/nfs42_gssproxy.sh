#!/bin/bash
# The kernel's NFS client with sec=krb5p where gssproxy has the keys: by the drop-in that is shipped, conf/gssproxy/99-gatehouse.conf.
# Its user is exchanged for this guest's root, and its keytab for this realm's; gatehoused cannot read one.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/kerberos.sh"

write_gssproxy_config() {
  mkdir -p /run/gssproxy /run/gatehouse /var/lib/gssproxy/clients &&
    sed 's,^  euid = .*,  euid = root,; s,^  cred_store = .*,  cred_store = keytab:/run/kdc/gateway.keytab,' \
      "$here/../../conf/gssproxy/99-gatehouse.conf" >/run/gssproxy/99-gatehouse.conf &&
    grep -q 'keytab:/run/kdc/gateway.keytab' /run/gssproxy/99-gatehouse.conf || return
  write_krb5_config gateway krb5p && sed -i 's,^keytab = .*,keytab = "/run/no.keytab"\nacceptor = "gssproxy",' /lab/gateway.conf
}

start_gssproxy() {
  (gssproxy -i -C /run/gssproxy -s /run/gssproxy/default.sock >/lab/gssproxy.log 2>&1 & echo $! >/run/gssproxy/pid)
  wait_for 10 "gssproxy's socket" gssproxy_listens
}

gssproxy_listens() {
  ss -lxH | grep -q /run/gatehouse/gssproxy.sock
}

stop_gssproxy() {
  kill "$(cat /run/gssproxy/pid)" && wait_for 10 "the end of gssproxy" gssproxy_is_gone
}

gssproxy_is_gone() {
  ! gssproxy_listens
}

owns_its_file() {
  as_user "$1" touch "/mnt/nfs/$1-$3" && same "the owner on the server" "$(owner "$1-$3")" "$2"
}

group_counts() {
  install -d -m 0770 -o 0 -g 6001 /export/team
  as_user alice touch /mnt/nfs/team/file
}

add_account alice 5001 team 6001
add_account bob 5002
add_account eve 5005
must "the realm starts" start_kdc aes256-cts-hmac-sha1-96 alice bob trudy
must "knfsd starts" start_knfsd '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
must "rpc.gssd starts" start_gssd
for user in alice bob; do must "$user gets a ticket" get_ticket "$user"; done
must "eve gets trudy's ticket" get_ticket eve trudy
must "the configurations are written" write_gssproxy_config
must "gssproxy starts with the shipped drop-in" start_gssproxy
start_gateway gateway
start_relay relay 20490 1 2049 keep
must "the kernel's NFS client mounts with sec=krb5p where gssproxy has the keys [G8]" mount_krb5 krb5p
echo "ok the kernel's NFS client mounts with sec=krb5p where gssproxy has the keys [G8]"
check "alice owns what she makes, by gssproxy's account of her [G6, G8]" owns_its_file alice 5001:5001 first
check "alice's group, as gssproxy found it, counts at the server [G6, G7]" group_counts
check "a user whom gssproxy maps to no account is denied [G6]" is_refused eve
must "gssproxy ends under the mount" stop_gssproxy
check "a user with a context goes on while gssproxy is down [G9]" owns_its_file alice 5001:5001 second
check "a user without a context is denied while gssproxy is down, and not made to wait [G9]" is_refused bob
must "gssproxy starts again" start_gssproxy
check "the user gets a context when gssproxy is back, with no restart of gatehoused [G9]" owns_its_file bob 5002:5002 third
check "the file system unmounts" umount /mnt/nfs
check "gatehoused ends at SIGTERM" stop_gateway gateway
finish
