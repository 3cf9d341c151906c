#!/bin/bash
# Kerberos at the gateway, by the kernel's NFS client: its rpc.gssd makes contexts with gatehoused, and the server knows AUTH_SYS alone:
#   client, sec=krb5|krb5i|krb5p --TCP--> relay.py --vsock, CID 1--> gatehoused, keytab --TCP, AUTH_SYS--> knfsd, sec=sys
# alice and bob have tickets, carol has none. mallory's principal is denied by a rule; eve's ticket is trudy's, and there is no account
# trudy. The machine's own principal, host/guest.test, is nobody by a rule.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/kerberos.sh"

flavors="krb5 krb5i krb5p"

remount() {
  umount /mnt/nfs && mount_krb5 "$1"
}

mount_says() {
  grep -q " /mnt/nfs nfs4 .*[ ,]sec=$1[, ]" /proc/self/mounts || { grep /mnt/nfs /proc/self/mounts; return 1; }
}

users_own_their_files() {
  as_user alice touch "/mnt/nfs/$1-alice" && as_user bob touch "/mnt/nfs/$1-bob" || return
  same "the owner of alice's file on the server" "$(owner "$1-alice")" 5001:5001 || return
  same "the owner of bob's file on the server" "$(owner "$1-bob")" 5002:5002 || return
  same "the owner as the guest sees it" "$(stat -c %u:%g "/mnt/nfs/$1-alice")" 5001:5001
}

users_are_kept_apart() {
  install -d -m 0700 -o 5001 -g 5001 "/export/$1-private"
  as_user alice sh -c "echo mine >/mnt/nfs/$1-private/file" || return
  ! as_user bob cat "/mnt/nfs/$1-private/file" 2>/dev/null || { echo "bob reads alice's file"; return 1; }
  ! cat "/mnt/nfs/$1-private/file" 2>/dev/null || { echo "the guest's root reads alice's file"; return 1; }
  same "alice's file" "$(as_user alice cat "/mnt/nfs/$1-private/file")" mine
}

group_counts() {
  install -d -m 0770 -o 0 -g 6001 "/export/$1-team"
  as_user alice touch "/mnt/nfs/$1-team/file" || return
  ! as_user bob touch "/mnt/nfs/$1-team/other" 2>/dev/null || { echo "bob, who is not in the group, wrote"; return 1; }
}

# group_changes SEC: the client sends the group's name, which the server's rpc.idmapd makes an id.
group_changes() {
  as_user alice touch "/mnt/nfs/$1-given" && as_user alice chgrp team "/mnt/nfs/$1-given" || return
  same "the owner on the server" "$(owner "$1-given")" 5001:6001
}

root_is_nobody() {
  touch "/mnt/nfs/$1-root" || return
  same "the owner of the guest's root's file" "$(owner "$1-root")" 65534:65534
}

data_survives() {
  head -c 16M /dev/urandom >/run/data && install -m 0666 /dev/null /export/data || return
  as_user alice dd if=/run/data of=/mnt/nfs/data bs=1M conv=fsync status=none || return
  cmp /run/data /export/data || return
  echo 3 >/proc/sys/vm/drop_caches
  as_user bob cmp /run/data /mnt/nfs/data
}

locks_hold() {
  install -m 0666 /dev/null /export/lock && rm -f /run/lock.* || return
  local holder status=0
  as_user alice flock /mnt/nfs/lock sh -c 'echo held >/run/tickets/lock.held; until [ -e /run/lock.free ]; do sleep 0.05; done' &
  holder=$!
  wait_for 10 "the lock" test -s /run/tickets/lock.held || return
  can_lock_locally && { echo "the server's own lock call got the file while alice held it"; status=1; }
  touch /run/lock.free
  wait "$holder" || { echo "flock on the mount failed"; return 1; }
  rm -f /run/tickets/lock.held
  [ "$status" -eq 0 ] || return
  wait_for 5 "the released lock at the server" can_lock_locally
}

can_lock_locally() {
  timeout 8 "$python" -c 'import fcntl; fcntl.lockf(open("/export/lock", "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null
}

# note_on_the_wire SEC readable|hidden: alice writes a note and reads it again over a mount whose bytes between the guest and the gateway
# are recorded. It is readable when both directions show it, hidden when neither does.
note_on_the_wire() {
  local note="a note that alice wrote over $1" side
  rm -f /run/wire-*
  mount_krb5 "$1" 4.2 20491 || return
  as_user alice sh -c "echo '$note' >/mnt/nfs/$1-note && sync /mnt/nfs/$1-note"
  echo 3 >/proc/sys/vm/drop_caches
  same "the note read again" "$(as_user alice cat "/mnt/nfs/$1-note")" "$note" || { umount /mnt/nfs; return 1; }
  umount /mnt/nfs || return
  same "the note on the server" "$(cat "/export/$1-note")" "$note" || return
  for side in calls replies; do
    same "the note in the recorded $side" "$(grep -qaF "$note" /run/wire-*."$side" && echo readable || echo hidden)" "$2" || return
  done
}

# slow_writer: alice's process, which keeps a file open and writes to it before and after the file /run/tickets/go appears.
slow_writer() {
  as_user alice sh -c 'exec 9>/mnt/nfs/slow && echo before >&9 && sync /mnt/nfs/slow && echo started >/run/tickets/slow
    until [ -e /run/tickets/go ]; do sleep 0.05; done
    echo after >&9 && sync /mnt/nfs/slow'
  echo $? >/run/writer.status
}

start_slow_writer() {
  rm -f /run/tickets/go /run/tickets/slow /run/writer.status
  slow_writer >/lab/writer.log 2>&1 &
  must "the writer has begun" wait_for 20 "alice's writer" test -s /run/tickets/slow
}

writer_goes_on() {
  touch /run/tickets/go
  wait_for 60 "the writer's end" test -s /run/writer.status || return
  same "the writer's exit status" "$(cat /run/writer.status)" 0 || { cat /lab/writer.log; return 1; }
  same "alice's file" "$(tr '\n' ' ' </export/slow)" "before after " || return
  same "its owner" "$(owner slow)" 5001:5001
}

# kill_gateway: gatehoused goes, and with it all contexts.
kill_gateway() {
  signal_gateway gateway KILL && wait_for 5 "the end of gatehoused" test -s /run/gateway.status
}

# restart_server: knfsd forgets its sessions and remembers its clients.
restart_server() {
  rpc.nfsd 0 && rpc.nfsd -N 3 4
}

# mounts_version_41 SEC
mounts_version_41() {
  mount_krb5 "$1" 4.1 || return
  as_user alice sh -c "echo $1 >/mnt/nfs/version41-$1" && same "alice's file" "$(as_user alice cat "/mnt/nfs/version41-$1")" "$1" || return
  umount /mnt/nfs && same "the owner of alice's file" "$(owner "version41-$1")" 5001:5001
}

mounts_version_40() {
  mount_krb5 krb5p 4.0 || return
  as_user alice touch /mnt/nfs/version40
  umount /mnt/nfs && same "the owner of alice's file" "$(owner version40)" 5001:5001
}

# is_not_mounted SEC: a mount that must fail, and soon.
is_not_mounted() {
  local said
  said=$(mount_krb5 "$1" 2>&1) && { umount /mnt/nfs; echo "the mount succeeded"; return 1; }
  [[ $said == *"denied"* ]] || { echo "mount said '$said'"; return 1; }
}

weaker_is_refused() {
  is_not_mounted krb5 && is_not_mounted krb5i && is_not_mounted sys
}

sys_guest_mounts_sys() {
  mount_krb5 sys || return
  setpriv --reuid 1000 --regid 1000 --clear-groups touch /mnt/nfs/by-sys
  umount /mnt/nfs || return
  same "the owner of the file" "$(owner by-sys)" 1000:1000
}

# refusal_is_logged PRINCIPAL RULE
refusal_is_logged() {
  logged gateway 'event=context-refused' 'guest=vm1' "principal=\"?$1@TEST" "rule=$2"
}

# honest_client_is_refused_nothing NAME: no call was refused, but that a context is gone with an earlier gatehoused.
honest_client_is_refused_nothing() {
  local refused
  refused=$(grep 'event=refused' "/lab/$1.log" | grep -v 'finding=unknown-handle reply=RPCSEC_GSS_CREDPROBLEM') && {
    echo "$refused"
    return 1
  }
  signal_gateway "$1" USR1
  logged "$1" 'event=counters' 'guest=vm1' 'calls=[1-9]' 'contexts_established=[1-9]'
}

add_account alice 5001 team 6001
add_account bob 5002
add_account carol 5003
add_account mallory 5004
add_account eve 5005
must "the realm starts" start_kdc aes256-cts-hmac-sha1-96 alice bob mallory trudy
must "knfsd starts" start_knfsd '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
must "rpc.idmapd starts" rpc.idmapd -p /var/lib/nfs/rpc_pipefs
must "rpc.gssd starts" start_gssd
for user in alice bob mallory; do must "$user gets a ticket" get_ticket "$user"; done
must "eve gets trudy's ticket" get_ticket eve trudy
# shellcheck disable=SC2086
must "the configuration is written" write_krb5_config gateway $flavors
must "the configuration of a guest that may use krb5p alone is written" write_krb5_config strict krb5p
must "the configuration of a guest that may use sys alone is written" write_krb5_config sys sys
start_gateway gateway
start_relay relay 20490 1 2049 keep
start_relay wire 20491 1 2049 keep /run/wire

for sec in $flavors; do
  must "the kernel's NFS client mounts version 4.2 with sec=$sec [G1]" mount_krb5 "$sec"
  check "the mount of a server that knows AUTH_SYS alone is sec=$sec through the gateway [G1]" mount_says "$sec"
  check "alice and bob own what they make, by the ids of their accounts on the host, with $sec [G1, G6]" users_own_their_files "$sec"
  check "nobody else reads what only alice may read, the guest's root neither, with $sec [G6]" users_are_kept_apart "$sec"
  check "alice's group of the host counts at the server, with $sec [G7]" group_counts "$sec"
  check "alice gives a file to her group, with $sec" group_changes "$sec"
  check "the machine's principal, which is root's, is nobody by a rule, with $sec [G6]" root_is_nobody "$sec"
  check "a user without a ticket is denied, with $sec [G1]" is_refused carol
  check "16 MiB written with $sec are the same at the server and after dropping caches [G1]" data_survives
  check "a lock held with $sec excludes the server's own processes until it is released" locks_hold
  check "the server counts the connection as its backchannel, with $sec [V12]" backchannel_is_up
  check "a delegation is recalled over the backchannel, with $sec [V12]" delegation_is_recalled "recalled-$sec"
  check "the file system mounts again with $sec" remount "$sec"
  check "the file system unmounts, with $sec" umount /mnt/nfs
  check "version 4.1 mounts, writes, reads and unmounts, with $sec [G1]" mounts_version_41 "$sec"
done

check "what krb5 carries is readable between the guest and the gateway" note_on_the_wire krb5 readable
check "what krb5i carries is readable between the guest and the gateway" note_on_the_wire krb5i readable
check "what krb5p carries is not readable between the guest and the gateway [G1]" note_on_the_wire krb5p hidden

must "the file system mounts for the restart of gatehoused" mount_krb5 krb5p
check "an honest client of krb5, krb5i and krb5p has been refused nothing [G1]" honest_client_is_refused_nothing gateway
check "a user whose principal a rule denies is denied, and not made to wait [G6]" is_refused mallory
check "a user whose principal has no account is denied, and not made to wait [G6]" is_refused eve
check "the denied principal is logged with the guest and the rule [G6]" refusal_is_logged mallory principal
check "the principal without an account is logged with the guest and the rule [G6]" refusal_is_logged trudy no-account
start_slow_writer
must "gatehoused is killed under the mount" kill_gateway
start_gateway strict
check "a user's open file goes on after all contexts were lost with gatehoused [G12]" writer_goes_on
check "the backchannel is bound to the new connection [V12]" backchannel_is_up
check "a delegation is recalled over the new connection [V12]" delegation_is_recalled recalled-strict
start_slow_writer
check "an honest client has been refused nothing after gatehoused was started again [G12]" honest_client_is_refused_nothing strict
must "knfsd is started anew under the mount" restart_server
check "the client recovers its state from a server that was started anew, with krb5p alone allowed [G1]" writer_goes_on
check "its recovery has been refused nothing where krb5p alone is allowed [G1]" honest_client_is_refused_nothing strict
check "the file system unmounts after the restarts" umount /mnt/nfs
check "version 4.0 mounts with sec=krb5p where that alone is allowed [G1]" mounts_version_40
check "a client of version 4.0 has been refused nothing where krb5p alone is allowed [G1]" honest_client_is_refused_nothing strict
check "krb5, krb5i and sys are refused where krb5p alone is allowed [G1]" weaker_is_refused
check "gatehoused ends at SIGTERM" stop_gateway strict
start_gateway sys
check "a guest that runs rpc.gssd mounts with sec=sys where sys alone is allowed [V5]" sys_guest_mounts_sys
check "krb5p is refused where sys alone is allowed [G1]" is_not_mounted krb5p
check "gatehoused ends at SIGTERM when it has refused all of Kerberos" stop_gateway sys
finish
