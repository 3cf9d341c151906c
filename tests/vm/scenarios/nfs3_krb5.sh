#!/bin/bash
# NFSv3 with sec=krb5, krb5i and krb5p by the kernel's NFS client, its MOUNT calls with AUTH_SYS: sec_by_program. The server's export has
# sys alone, all that ever reaches it: it has no keys. The client believes the list that MOUNT answers with, which is the gateway's.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/kerberos.sh"

# write_v3_config NAME: write_krb5_config's for Kerberos alone, with MOUNT beside NFS.
write_v3_config() {
  write_krb5_config "$1" krb5 krb5i krb5p && sed -i 's/^programs = .*/programs = ["nfs:3"]/' "/lab/$1.conf" && add_mountd "$1"
}

mount_v3() {
  mount_version 3 20490 "sec=$1"
}

users_own_their_files() {
  rm -f /export/alice /export/root
  as_user alice touch /mnt/nfs/alice || return
  same "the owner of alice's file on the server" "$(owner alice)" 5001:5001 || return
  touch /mnt/nfs/root || return
  same "the owner of the guest's root's file" "$(owner root)" 65534:65534
}

group_counts() {
  install -d -m 0770 -o 0 -g 6001 /export/team
  as_user alice touch /mnt/nfs/team/file
}

data_survives() {
  head -c 4M /dev/urandom >/run/data && install -m 0666 /dev/null /export/data || return
  as_user alice dd if=/run/data of=/mnt/nfs/data bs=1M conv=fsync status=none && cmp /run/data /export/data || return
  echo 3 >/proc/sys/vm/drop_caches
  as_user alice cmp /run/data /mnt/nfs/data
}

# sys_is_refused: the client does not even try what is not in the list; who does is refused.
sys_is_refused() {
  ! mount_v3 sys 2>/dev/null || { umount /mnt/nfs; echo "a mount with sec=sys succeeded"; return 1; }
  same "what came of a call" "$("$python" -B "$here/scenarios/guest_forged_root.py" tcp:20490 --source 600)" "AUTH_ERROR TOOWEAK" || return
  logged v3 'event=refused' 'rule=sec' 'program=nfs' 'version=3' 'sys is not in sec'
}

add_account alice 5001 team 6001
add_account carol 5003
must "the realm starts" start_kdc aes256-cts-hmac-sha1-96 alice
must "knfsd starts with version 3" start_knfsd3 '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
must "rpc.gssd starts" start_gssd
must "alice gets a ticket" get_ticket alice
must "the configuration is written" write_v3_config v3
start_gateway v3
start_relay nfs 20490 1 2049 keep
must "NFSv3 mounts with sec=krb5p, MOUNT by AUTH_SYS [G1, T1]" mount_v3 krb5p
echo "ok NFSv3 mounts with sec=krb5p, MOUNT by AUTH_SYS [G1, T1]"
check "alice and the guest's root own what they make over NFSv3, as who they are on the host [G1, G6]" users_own_their_files
check "alice's group of the host counts over NFSv3 [G7]" group_counts
check "a user without a ticket is denied over NFSv3 [G1]" is_refused carol
check "4 MiB written over NFSv3 with krb5p are the same at the server and after dropping caches [G1]" data_survives
check "the NFSv3 file system unmounts" umount /mnt/nfs
for sec in krb5 krb5i; do
  must "NFSv3 mounts with sec=$sec" mount_v3 "$sec"
  check "alice and the guest's root own what they make over NFSv3 with sec=$sec [G1, G6]" users_own_their_files
  check "4 MiB written over NFSv3 with $sec are the same at the server and after dropping caches [G1]" data_survives
  check "the NFSv3 file system unmounts, with $sec" umount /mnt/nfs
done
check "NFSv3 with sec=sys is refused where Kerberos alone is allowed [G1]" sys_is_refused
check "gatehoused ends at SIGTERM" stop_gateway v3
finish
