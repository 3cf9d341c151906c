# kerberos.sh: a realm, accounts, tickets and rpc.gssd in the guest. Sourced after lib.sh and knfsd.sh.
# The gateway's principal is nfs/gw.test, in a keytab of its own; the machine that mounts is host/guest.test, in /etc/krb5.keytab.

export KRB5_KDC_PROFILE=/run/kdc/kdc.conf
tickets=/run/tickets

# write_realm_files: krb5.conf and the KDC's own configuration, each relation on a line of its own (krb5 demands it).
write_realm_files() {
  mkdir -p /run/kdc "$tickets" && chmod 1777 "$tickets" || return
  cat >/etc/krb5.conf <<CONF
[libdefaults]
  default_realm = TEST
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
  permitted_enctypes = $1
[realms]
  TEST = {
    kdc = 127.0.0.1:8888
  }
[domain_realm]
  .test = TEST
CONF
  cat >/run/kdc/kdc.conf <<CONF
[kdcdefaults]
  kdc_listen = 127.0.0.1:8888
  kdc_tcp_listen = 127.0.0.1:8888
[realms]
  TEST = {
    database_name = /run/kdc/principal
    key_stash_file = /run/kdc/stash
    acl_file = /run/kdc/acl
    supported_enctypes = ${1// /:normal }:normal
  }
CONF
}

# start_kdc ENCTYPES USER...: a KDC whose keys and tickets are of these enctypes (separated by blanks), with the two services and the users.
# Each user's keys are in /run/kdc/USER.keytab.
start_kdc() {
  local enctypes=$1 user
  shift
  hostname guest.test && printf '127.0.0.1 %s\n' guest.test gw.test localhost >/etc/hosts || return
  write_realm_files "$enctypes" && kdb5_util create -s -r TEST -P master || return
  {
    echo 'addprinc -randkey nfs/gw.test'
    echo 'ktadd -k /run/kdc/gateway.keytab nfs/gw.test'
    echo 'addprinc -randkey host/guest.test'
    echo 'ktadd -k /etc/krb5.keytab host/guest.test'
    for user; do
      echo "addprinc -randkey $user"
      echo "ktadd -k /run/kdc/$user.keytab $user"
    done
  } | kadmin.local >/lab/kadmin.log 2>&1 || return
  krb5kdc -P /run/kdc/pid
}

# add_account NAME UID [GROUP-NAME GID]: an account of this guest, with a group of its own id and perhaps one more.
add_account() {
  echo "$1:x:$2:$2::/:/bin/sh" >>/etc/passwd
  echo "$1:x:$2:" >>/etc/group
  [ $# -lt 4 ] || echo "$3:x:$4:$1" >>/etc/group
}

# get_ticket NAME [PRINCIPAL]: a ticket for the account, its own principal's where none is named, where rpc.gssd looks for it.
get_ticket() {
  local cache principal=${2:-$1}
  cache=$tickets/krb5cc_$(id -u "$1")
  kinit -k -t "/run/kdc/$principal.keytab" -c "FILE:$cache" "$principal" && chown "$1" "$cache"
}

# as_user NAME COMMAND...: runs a command as the account with all its groups.
as_user() {
  local name=$1
  shift
  setpriv --reuid "$name" --regid "$name" --init-groups "$@"
}

# start_gssd: rpc.gssd, which makes the kernel client's contexts. Root's calls are made as the machine's principal.
start_gssd() {
  modprobe rpcsec_gss_krb5 || return
  (rpc.gssd -f -vvv -p /var/lib/nfs/rpc_pipefs -d "$tickets" >/lab/gssd.log 2>&1 &)
  wait_for 10 "rpc.gssd" pgrep -x rpc.gssd
}

# write_krb5_config NAME SEC...: write_gateway_config's configuration with Kerberos, on vsock port 2049, for a guest that may use these
# flavors.
write_krb5_config() {
  write_gateway_config "$1" 2049 1 && add_kerberos "$@"
}

# add_kerberos NAME SEC...: makes /lab/NAME.conf one with Kerberos, whose guests may use these flavors. The machine's principal is nobody,
# mallory's is denied.
add_kerberos() {
  local name=$1 sec
  shift
  sec=$(printf ', "%s"' "$@")
  sed -i "s/^sec = .*/sec = [${sec#, }]/" "/lab/$name.conf" && cat >>"/lab/$name.conf" <<CONF
[kerberos]
keytab = "/run/kdc/gateway.keytab"
replay_cache = "/run/gatehouse/rcache-$name"
[[principal]]
match = "host/*@TEST"
map = "nobody"
[[principal]]
match = "mallory@TEST"
map = "deny"
CONF
}

# owner FILE: owner and group of a file on the server.
owner() {
  stat -c %u:%g "/export/$1"
}

# is_refused NAME: the user cannot read a file that all may read, and is told so rather than made to wait.
is_refused() {
  local said
  install -m 0666 /dev/null /export/public
  said=$(as_user "$1" timeout 20 cat /mnt/nfs/public 2>&1) && { echo "reading succeeded"; return 1; }
  [[ $said == *"Permission denied"* ]] || { echo "cat said '$said'"; return 1; }
}

# mount_krb5 SEC [VERSION [PORT]]: mounts the server's root at /mnt/nfs, by default version 4.2 through the relay in front of `gateway`.
mount_krb5() {
  timeout 30 mount -t nfs -o "vers=${2:-4.2},sec=$1,port=${3:-20490}" gw.test:/ /mnt/nfs
}
