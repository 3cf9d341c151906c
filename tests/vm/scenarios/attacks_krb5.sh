#!/bin/bash
# Beta has heard all that alpha said with krb5p: handles of its contexts, whole records, its first tokens; and even a key of one.
#   alpha: the kernel's client, version 4.2, sec=krb5p, with a file open and locked and alice's writers
#   beta:  attacks/attack_gss.py
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/kerberos.sh"
. "$here/writers.sh"
. "$here/two_guests.sh"

# attack_contexts ATTACK...
attack_contexts() {
  "$python" -B "$here/attacks/attack_gss.py" "$recording" 20491 20490 "$tickets/krb5cc_5001" "$@" >/run/out 2>/lab/attack.err ||
    { tail -n 1 /lab/attack.err; return 1; }
}

# is_seen: in the log and in the counters.
is_seen() {
  logged gateway 'event=refused' 'guest=beta' 'finding=unknown-handle' || return
  signal_gateway gateway USR1
  logged gateway 'event=counters' 'guest=beta' 'gss-unknown-handle=4( |$)' 'contexts_refused=1( |$)'
}

add_account alice 5001
must "the realm starts" start_kdc aes256-cts-hmac-sha1-96 alice
must "knfsd starts" start_knfsd '/export 127.66.0.0/16(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
must "rpc.gssd starts" start_gssd
must "alice gets a ticket" get_ticket alice
write_alpha_beta gateway
must "Kerberos is configured" add_kerberos gateway krb5p
start_alpha_and_beta gateway
must "alpha mounts with krb5p" mount_krb5 krb5p
must "alpha works" hold nfs/held
must "alice's writers begin" begin_writers 2 as_user alice
must "beta attacks" attack_contexts forged right replay replay-last replay-init replay-at-home victim
check "a context's handle is unknown on another guest's connection, with a checksum of no key [G12]" \
  came_to /run/out "AUTH_ERROR GSS_CREDPROBLEM" forged
check "and with the right one [G12]" came_to /run/out "AUTH_ERROR GSS_CREDPROBLEM" right
check "captured krb5p records are refused on another guest's connection [G12]" came_to /run/out "AUTH_ERROR GSS_CREDPROBLEM" replay replay-last
check "a captured first token makes no second context: it is a replay [G1]" came_to /run/out "major 0xd0000" replay-init
check "each of these attacks is in the log, and counted" is_seen
check "the replayed token is in the log" logged gateway 'event=context-refused' 'guest=beta' 'replay'
check "a captured record is carried out once even where it came from: again, it closes the connection [G1]" came_to /run/out closed replay-at-home
check "and is in the log" logged gateway 'event=refused' 'guest=alpha' 'finding=replayed'
check "the victim's context stays good [G12]" came_to /run/out NFS4_OK victim
check "the victim's file stays open and locked, and is written to" held_well held
check "the victim's writers see no error" writers_end_well
check "the server has every byte they wrote" written_is_in /export
check "the file system unmounts" umount /mnt/nfs
check "gatehoused ends at SIGTERM" stop_gateway gateway
finish
