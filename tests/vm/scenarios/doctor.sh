#!/bin/bash
# gatehousectl doctor beside a real kernel's NFS server and a real AF_VSOCK: what it sees of modules, exports and ports.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"

# finds CHECK RESULT WORDS: whether the doctor has such a finding; its cure counts as words of it.
finds() {
  timeout 60 "${inside[@]}" "$BUILD/proxy/gatehousectl" --config /run/gatehouse/doctor.conf doctor --json >/run/findings.json
  "$python" - "$@" <<'PY'
import json, sys
check, result, words = sys.argv[1:]
mine = [f for f in json.load(open("/run/findings.json")) if f["check"] == check]
if not any(f["result"] == result and words in f"{f['seen']} -> {f['mend']}" for f in mine):
    sys.exit(f"no finding of {check} is {result} with '{words}': {mine}")
PY
}

# inside: what the doctor is started by. without_table: in a mount namespace where knfsd's own table cannot be seen.
inside=(env)
without_table() {
  inside=(unshare --mount sh -c 'umount /proc/fs/nfsd && exec "$@"' sh)
}

exports() {
  echo "$1" >/etc/exports && exportfs -ra
}

write_gateway_config doctor 2049 1
must "the configuration is written" eval 'add_mountd doctor && install -D -m 600 /lab/doctor.conf /run/gatehouse/doctor.conf'
check "a module that is there and not loaded is said to, and is not loaded by asking [V1]" finds vsock warning "modprobe vhost_vsock"
check "it is still not loaded" test ! -e /sys/module/vsock
check "a server that does not run is a problem [P10]" finds backends problem "nfs (tcp:127.0.0.1:2049) from 127.66.0.1: Connection refused"
must "knfsd starts with version 3" start_knfsd3 '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
check "with its modules AF_VSOCK is there, and the kernel's CID is told [V1]" finds vsock ok "the kernel gives AF_VSOCK sockets"
check "knfsd answers NULL from the guest's address [L4]" finds backends ok "nfs (tcp:127.0.0.1:2049) from 127.66.0.1 answers NULL of nfs 4"
check "and its MOUNT, too [L4]" finds backends ok "answers NULL of mountd 3"
check "knfsd's table admits the guest [L4]" finds exports ok "nfs, by /var/lib/nfs/etab: an export admits vm1 (127.66.0.1)"
check "and demands reserved ports [L4]" finds insecure-ports ok "ports below 1024 are demanded"
without_table
check "MOUNT's list admits the guest, too [L4]" finds exports ok "MOUNT of mountd: an export admits vm1 (127.66.0.1)"
check "knfsd refuses a call from a port above 1023 [L4]" finds insecure-ports ok "refuses calls from ports above 1023"
must "exports change" exports '/export 127.66.0.1(rw,insecure,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
check "knfsd takes a call from such a port when it is told to, which proves nothing with fsid=0 [L4]" finds insecure-ports unknown "shows its root to any port"
inside=(env)
check "insecure in knfsd's table is a problem [L4]" finds insecure-ports problem "insecure is said of /export to 127.66.0.1"
must "exports change" exports '/export 127.66.0.2(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
check "a guest that knfsd's table does not admit is named [L4]" finds exports problem "no export admits vm1 (127.66.0.1)"
without_table
check "nor does MOUNT's list [L4]" finds exports problem "no export admits vm1 (127.66.0.1)"
inside=(env)
must "exports change" exports '/export 127.66.0.0/24(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
check "a network of knfsd's table admits it [L4]" finds exports ok "an export admits vm1 (127.66.0.1)"
start_gateway doctor
check "beside the daemon that runs, its vsock port is nobody's to tell [V1]" finds listeners unknown "2049 is open"
check "the daemon is not disturbed by it" sh -c '! grep -E "event=(no-guest|refused)" /lab/doctor.log'
check "gatehoused ends at SIGTERM" stop_gateway doctor
finish
