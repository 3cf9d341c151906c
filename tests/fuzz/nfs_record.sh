#!/bin/bash
# nfs_record.sh: records what the kernel's NFS client and server say, for the seeds of nfs_args and nfs_results. Not a test: run by hand,
#   tests/vm/uml.sh tests/fuzz/nfs_record.sh "CORPUS=$PWD/tests/fuzz/corpus"
# The file system is ext4, which has extended attributes; `pnfs` gives layouts. nfs_seeds.py says what is kept.
BUILD=   # no gatehoused here
. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"
. "$here/knfsd.sh"

# put_ext4: an ext4 file system in /export, with another one below it.
put_ext4() {
  modprobe -a loop ext4 nfs_layout_flexfiles
  mkdir -p /big && mount -t tmpfs -o size=100m tmpfs /big && truncate -s 64m /big/image && mkfs.ext4 -q /big/image || return
  mount -o loop /big/image /export && mkdir -p /export/sub && mount -t tmpfs tmpfs /export/sub && chmod 1777 /export /export/sub
}

must "knfsd starts" prepare_knfsd '/export *(rw,insecure,no_root_squash,fsid=0,no_subtree_check,pnfs,crossmnt)'
must "ext4 is exported" put_ext4
echo '/export/sub *(rw,insecure,no_root_squash,fsid=5,no_subtree_check)' >>/etc/exports
must "the daemons start" eval 'exportfs -ra && rpcbind -w && rpc.mountd -p 20048 && rpc.nfsd 4'
must "CORPUS=$CORPUS is writable" eval 'mkdir -p /run/corpus && mount -t hostfs -o "$CORPUS" none /run/corpus && [ -w /run/corpus ]'
"$python" -B "$here/../fuzz/nfs_seeds.py" /run/corpus 2>/lab/seeds.err && exit 0
echo "not ok the seeds are recorded: $(tail -n 1 /lab/seeds.err)"
exit 1
