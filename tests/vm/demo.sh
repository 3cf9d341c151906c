#!/bin/bash
# The last part of scripts/demo, inside user-mode Linux: a kernel mounts over AF_VSOCK, and says what came of it. Exit status 0 when all
# is as the policy says.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$here/knfsd.sh"

# show COMMAND...: the command as one would type it, and what it says. Only lines of checks and remarks (#) leave the guest.
show() {
  echo "#   $ $*"
  "$@" 2>&1 | sed 's/^/#     /'
  return "${PIPESTATUS[0]}"
}

export PATH=$BUILD/guest:$PATH
ln -sf "$(command -v mount.gatehouse)" /sbin/mount.gatehouse
write_gateway_config gateway 2049 1
must "knfsd starts" start_knfsd '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
start_gateway gateway
mkdir -p /mnt
echo "# Linux $(uname -r). The guest is vm1: CID 1, this kernel itself; the server admits 127.66.0.1 alone and squashes nobody."
show mount -t gatehouse 1:/ /mnt || failed=1
show findmnt -t nfs,nfs4 -o TARGET,SOURCE,FSTYPE /mnt || failed=1
touch /mnt/by-root
setpriv --reuid 1000 --regid 1000 --clear-groups sh -c 'echo hello >/mnt/by-user'
show stat -c '%n: %u:%g at the server' /export/by-root /export/by-user
show ss --vsock -Hn state established
echo "# The server sees $(client_fact address)."
check "root of the guest is the anonymous user at the server" same "its file's owner" "$(stat -c %u:%g /export/by-root)" 65534:65534
check "a user of the guest is who he is" same "his file's owner" "$(stat -c %u:%g /export/by-user)" 1000:1000
show umount /mnt || failed=1
check "gatehoused ends at SIGTERM" stop_gateway gateway
finish
