#!/bin/bash
# A mount without sec= picks the flavor that the guest's policy allows: the gateway tells the truth where the server, which knows sys
# alone, could not. And a kernel that asks for its machine's credential to protect its state (SP4_MACH_CRED) goes on without.
#   kernel's client, rpc.gssd runs --> relay.py, recording --vsock--> gatehoused, krb5p alone, MOUNT by sys --> knfsd, sec=sys
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/kerberos.sh"

# picks VERSION SEC: what the kernel ends up with without a word about flavors, and that it works.
picks() {
  mount_version "$1" 20490 || return
  grep -q " /mnt/nfs nfs4\? .*[ ,]sec=$2[, ]" /proc/self/mounts || { grep ' /mnt/nfs ' /proc/self/mounts; umount /mnt/nfs; return 1; }
  as_user alice touch "/mnt/nfs/by-alice-$1" && umount /mnt/nfs || return
  same "the owner of alice's file" "$(owner "by-alice-$1")" 5001:5001
}

# protection_falls_back SEC: a mount that asks for SP4_MACH_CRED is given SP4_NONE, at once, and works.
protection_falls_back() {
  rm -f /run/wire-*
  mount_krb5 "$1" || return
  as_user alice touch "/mnt/nfs/with-$1" && umount /mnt/nfs || return
  same "the protection" "$("$python" -B "$here/attacks/protection.py" /run/wire 2>&1 | tail -n 1)" "asked SP4_MACH_CRED given SP4_NONE"
}

configure() {
  local name=$1
  shift
  write_krb5_config "$name" "$@" && sed -i 's/^programs = .*/programs = ["nfs:3-4"]/' "/lab/$name.conf" && add_mountd "$name"
}

add_account alice 5001
must "the realm starts" start_kdc aes256-cts-hmac-sha1-96 alice
must "knfsd starts with version 3, for sys alone" start_knfsd3 '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
must "rpc.gssd starts" start_gssd
must "alice gets a ticket" get_ticket alice
must "krb5p is configured" configure krb5p krb5p
start_gateway krb5p
start_relay nfs 20490 1 2049 keep /run/wire
for version in 4.2 4.1 4.0 3; do
  check "a mount of version $version without sec= ends up with krb5p where the policy has that alone [P1, P2]" picks "$version" krb5p
done
check "a krb5p mount that asks for SP4_MACH_CRED is given SP4_NONE and works [P3]" protection_falls_back krb5p
check "gatehoused ends at SIGTERM" stop_gateway krb5p
must "krb5i and krb5p are configured" configure both krb5i krb5p
start_gateway both
check "a krb5i mount that asks for SP4_MACH_CRED is given SP4_NONE and works [P3]" protection_falls_back krb5i
check "gatehoused ends at SIGTERM when it allowed krb5i" stop_gateway both
finish
