#!/bin/bash
# Less than the server offers, as the kernel's client has it: alpha's file handles are bound to it, and beta may only read. To the server
# both are the same: it lets both write. NFSv3 finds MOUNT where NFS is.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/two_guests.sh"

files=300

# makes_many: a tree of `files` files, of which each tenth directory has its own.
makes_many() {
  local n
  mkdir -p /mnt/nfs/tree && for n in $(seq "$files"); do
    [ $((n % 10)) -ne 1 ] || mkdir "/mnt/nfs/tree/$n"
    : >"/mnt/nfs/tree/$((n - (n - 1) % 10))/file-$n" || return
  done
}

# lists_many: all are found and looked at, and none comes from a cache.
lists_many() {
  echo 3 >/proc/sys/vm/drop_caches
  same "the number of files" "$(find /mnt/nfs/tree -name 'file-*' -printf '%s %n %m %T@\n' | wc -l)" "$files"
}

data_survives() {
  head -c 8M /dev/urandom >/run/data
  dd if=/run/data of=/mnt/nfs/data bs=1M conv=fsync status=none && cmp /run/data /export/data || return
  echo 3 >/proc/sys/vm/drop_caches
  cmp /run/data /mnt/nfs/data
}

renames() {
  mv /mnt/nfs/tree/1/file-1 /mnt/nfs/tree/11/was-1 && [ -e /export/tree/11/was-1 ] && mv /mnt/nfs/tree/11/was-1 /mnt/nfs/tree/1/file-1
}

# outlives_the_gateway: a file that stays open is written by the handle from before, and the tree is found by those that are cached.
outlives_the_gateway() {
  hold nfs/held && signal_gateway less KILL && wait_for 5 "the end of gatehoused" test -s /run/less.status || return
  start_gateway less
  writes_on held && lists_many
}

# is_read_only COMMAND...: the command fails, with the words for EROFS.
is_read_only() {
  local said
  said=$("$@" 2>&1) && { echo "$* succeeded"; return 1; }
  [[ $said == *"Read-only file system"* ]] || { echo "$* said: $said"; return 1; }
}

changes_nothing() {
  is_read_only touch /mnt/nfs/new && is_read_only mkdir /mnt/nfs/new && is_read_only ln -s x /mnt/nfs/new &&
    is_read_only dd if=/dev/zero of=/mnt/nfs/data bs=16k count=1 conv=notrunc,fsync &&
    is_read_only truncate -s 0 /mnt/nfs/data && is_read_only chmod 600 /mnt/nfs/data &&
    is_read_only rm /mnt/nfs/data && is_read_only mv /mnt/nfs/data /mnt/nfs/new && is_read_only ln /mnt/nfs/data /mnt/nfs/new || return
  same "what is in /export" "$(find /export -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ')" "data held tree " &&
    cmp /mnt/nfs/data /export/data
}

# writes_without_open: what the kernel's client never does: WRITE of a file that it has not opened.
writes_without_open() {
  attack /run/less write && came_to /run/less ROFS write
}

reads_all() {
  cmp /mnt/nfs/data /export/data && lists_many
}

shares_a_lock() {
  timeout 20 sh -c 'exec 9</mnt/nfs/data && flock -s 9'
}

echo '127.0.0.1 gw.test localhost' >/etc/hosts
must "lockd's grace period is short" sh -c 'modprobe lockd && cd /proc/sys/fs/nfs && echo 3 >nlm_timeout && echo 3 >nlm_grace_period'
must "knfsd starts with version 3" start_knfsd3 '/export 127.66.0.0/16(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
write_alpha_beta less 'filehandles = "bound"'
must "MOUNT is configured" add_mountd less
must "beta may read" sed -i 's/^squash = "all"$/&\nro = true/' /lab/less.conf
start_alpha_and_beta less
for version in 4.2 3; do
  must "alpha mounts version $version" mount_version "$version" 20490
  check "8 MiB written by bound handles are the same at the server and after dropping caches, version $version [P9]" data_survives
  check "$files files are made by bound handles, version $version [P9]" makes_many
  check "and listed with all that is known of them, version $version [P9]" lists_many
  check "and renamed, version $version [P9]" renames
  check "handles stay good when the gateway is killed and started again, version $version [P9]" outlives_the_gateway
  check "alpha unmounts version $version" umount /mnt/nfs
  must "beta mounts version $version" mount_version "$version" 20491
  check "a guest with ro = true changes nothing: EROFS, version $version [T1]" changes_nothing
  [ "$version" = 3 ] || check "nor by a WRITE without an OPEN [T1]" writes_without_open
  check "and reads everything, version $version [T1]" reads_all
  [ "$version" = 3 ] || check "and locks what it may read, version $version" shares_a_lock
  check "beta unmounts version $version" umount /mnt/nfs
  rm -rf /export/tree /export/data /export/held
done
check "nobody was taken for another guest" sh -c "! grep -E 'event=(foreign-handle|unknown-state)' /lab/less.log"
check "gatehoused ends at SIGTERM" stop_gateway less
finish
