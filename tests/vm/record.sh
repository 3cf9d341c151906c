#!/bin/bash
# record.sh: records what the kernel's NFS client says, for the seeds of the fuzz targets. Not a test: run by hand, as root,
#   tests/vm/uml.sh tests/vm/record.sh "CORPUS=$PWD/tests/fuzz/corpus"
# The client talks to the kernel's own server, which takes every flavor. tests/fuzz/kernel_seeds.py says what is kept.
BUILD=   # no gatehoused here
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$here/knfsd.sh"
. "$here/kerberos.sh"

# start_svcgssd: what makes contexts for the kernel's server.
start_svcgssd() {
  (KRB5_KTNAME=/run/kdc/gateway.keytab rpc.svcgssd -f -n >/lab/svcgssd.log 2>&1 &)
  wait_for 10 "rpc.svcgssd" pgrep -x rpc.svcgssd
}

# mount_corpus: the folder, which is the host's, writable at /run/corpus.
mount_corpus() {
  mkdir -p /run/corpus && mount -t hostfs -o "$CORPUS" none /run/corpus && [ -w /run/corpus ]
}

must "the folder CORPUS=$CORPUS is writable" mount_corpus
add_account alice 5001
must "the realm starts" start_kdc aes256-cts-hmac-sha1-96 alice
must "knfsd starts" start_knfsd '/export *(rw,insecure,no_root_squash,fsid=0,no_subtree_check,sec=sys:krb5:krb5i:krb5p)'
must "rpc.svcgssd starts" start_svcgssd
must "rpc.gssd starts" start_gssd
must "alice gets a ticket" get_ticket alice
"$python" -B "$here/../fuzz/kernel_seeds.py" /run/corpus 2>/lab/seeds.err && exit 0
echo "not ok the seeds are recorded: $(tail -n 1 /lab/seeds.err)"
exit 1
