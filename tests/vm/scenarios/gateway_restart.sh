#!/bin/bash
# gatehoused is killed and started again under a mounted file system with a writer at work: the kernel's NFS client connects again by
# itself, and nothing is lost. The chain is that of nfs42_vsock.sh.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"

blocks=100

# numbered_blocks: what the guest writes: blocks of 16 KiB, no two alike.
numbered_blocks() {
  "$python" -c 'import sys
for number in range(int(sys.argv[1])): sys.stdout.write(f"{number:16384}")' "$blocks"
}

# write_in_two_halves: the second half is first sent when nobody is there to take it. Each block is at the server before the next is sent.
write_in_two_halves() {
  {
    head -c $((blocks / 2 * 16384)) /run/blocks
    wait_for 30 "the end of gatehoused" test -s /run/gateway.status >&2
    tail -c $((blocks / 2 * 16384)) /run/blocks
  } | dd of=/mnt/nfs/blocks bs=16k iflag=fullblock oflag=dsync status=none
}

half_arrived() {
  [ "$(stat -c %s /export/blocks)" -eq $((blocks / 2 * 16384)) ]
}

gateway_is_killed_in_the_middle() {
  wait_for 20 "the first half" half_arrived || return
  signal_gateway gateway KILL || return
  wait_for 5 "the end of gatehoused" test -s /run/gateway.status || return
  half_arrived && [ ! -s /run/writer.status ] || { echo "the writer did not wait for gatehoused"; return 1; }
}

writer_ends_well() {
  wait_for 60 "the writer's end" test -s /run/writer.status || return
  same "the writer's exit status" "$(cat /run/writer.status)" 0 || return
  cmp /run/blocks /export/blocks
}

client_came_back() {
  same "the number of the relay's connections" "$(grep -c '^relay ' /lab/relay.log)" 2
}

write_gateway_config gateway 2049 1
must "knfsd starts" start_knfsd '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
start_gateway gateway
start_relay relay 20490 1 2049 keep
must "the kernel's NFS client mounts version 4.2" mount_nfs 20490
must "the backchannel is up before the restart" backchannel_is_up
must "the blocks are made" eval 'numbered_blocks >/run/blocks'
(write_in_two_halves; echo $? >/run/writer.status) &
check "gatehoused is killed in the middle of a guest's writes" gateway_is_killed_in_the_middle
cp /lab/gateway.log /lab/gateway-first.log
start_gateway gateway
check "a guest's writes go on after gatehoused is started again, and nothing is lost [P10]" writer_ends_well
check "the guest's kernel has connected again, once" client_came_back
check "the server sees the same source address and again the client's own port [L4, P10]" connection_is_the_guest
check "the backchannel is bound to the new connection [V12]" backchannel_is_up
check "a delegation is recalled over the new connection [V12]" delegation_is_recalled
check "the file system unmounts after the restart" umount /mnt/nfs
check "gatehoused ends at SIGTERM after the restart" stop_gateway gateway
finish
