#!/bin/bash
# Kerberos contexts end in the middle of writes, every few seconds, and the kernel's client makes new ones without a word to the writers:
#   client, sec=krb5p --TCP--> gatehouse-guest --vsock, CID 1--> gatehoused, context_lifetime = 2s --TCP, AUTH_SYS--> knfsd
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/kerberos.sh"
. "$here/writers.sh"

# established: how many contexts the gateway has made.
established() {
  local lines
  lines=$(reports)
  signal_gateway gateway USR1
  wait_for 30 "the counters" reports_are $((lines + 1)) >&2 || return
  sed -n 's/.*event=counters guest=vm1 .* contexts_established=\([0-9]*\).*/\1/p' /lab/gateway.log | tail -n 1
}

reports() {
  grep -c 'event=counters guest=vm1' /lab/gateway.log
}

reports_are() {
  [ "$(reports)" -ge "$1" ]
}

# three_ends: the user's context has ended and been made anew three times under the writers.
three_ends() {
  local before
  before=$(established)
  wait_for 60 "three more contexts" made_since "$before" 3 || return
  writers_go_on
}

made_since() {
  [ "$(established)" -ge $(($1 + $2)) ]
}

they_are_alices() {
  same "the owner at the server" "$(owner writer-0)" 5001:5001
}

ends_are_counted() {
  signal_gateway gateway USR1
  logged gateway 'event=counters' 'guest=vm1' 'gss-expired=[1-9]' || return
  ! grep 'event=refused' /lab/gateway.log || { echo "an honest client has been refused something"; return 1; }
}

add_account alice 5001
must "the realm starts" start_kdc aes256-cts-hmac-sha1-96 alice
must "knfsd starts" start_knfsd '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
must "rpc.gssd starts" start_gssd
must "alice gets a ticket" get_ticket alice
must "the configuration is written" write_krb5_config gateway krb5p
sed -i '/^\[kerberos\]/a context_lifetime = "2s"' /lab/gateway.conf
start_gateway gateway
start_guest_relay relay 20490 1 2049
must "the kernel's NFS client mounts version 4.2 with sec=krb5p" mount_krb5 krb5p
check "four writers begin" begin_writers 4 as_user alice
check "contexts end under their writes and are made anew, and none sees an error [G12]" three_ends
check "all of them end well" writers_end_well
check "the server has every byte they wrote" written_is_in /export
check "and the files are theirs" they_are_alices
check "the contexts that ended are counted, and nobody was refused [G12]" ends_are_counted
check "the file system unmounts" umount /mnt/nfs
check "gatehoused ends at SIGTERM" stop_gateway gateway
finish
