# qemu_nfs.sh: two machines, g42 and g43, and an NFS server with an export for each. Sourced after lib.sh, knfsd.sh and qemu_guests.sh.
#   kernel's NFS client in the network namespace g42 --TCP--> vsguest, CID 42 --vhost--> gatehoused --TCP, 127.66.0.42--> knfsd
# and the same with 43. All users of g43 are squashed; g42's root alone is.

# write_two_guests: /lab/gateway.conf. The listener `any` is on vsock port 2049, the listener `host`, bound to CID 2, on 2050.
write_two_guests() {
  cat >/lab/gateway.conf <<CONF
[[listener]]
name = "any"
address = "vsock:any:2049"
[[listener]]
name = "host"
address = "vsock:2:2050"
[[backend]]
name = "nfs"
address = "tcp:127.0.0.1:2049"
programs = ["nfs:4"]
[defaults]
sec = ["sys"]
backends = ["nfs"]
[defaults.limits]
connections = 32
in_flight = 64
buffered_bytes = "4MiB"
[[guest]]
name = "g42"
cid = 42
source_address = "127.66.0.42"
[[guest]]
name = "g43"
cid = 43
source_address = "127.66.0.43"
squash = "all"
anonuid = 4300
anongid = 4300
CONF
}

# export_for NAME: a file system of its own for the machine g42 or g43, which that machine's address alone may use.
export_for() {
  mkdir -p "/export/$1" && mount -t tmpfs -o mode=1777 tmpfs "/export/$1" && echo "only for $1" >"/export/$1/note" || return
  echo "/export/$1 127.66.0.${1#g}(rw,no_root_squash,fsid=${1#g},no_subtree_check,sec=sys)" >>/etc/exports
}

start_two_exports() {
  start_knfsd '/export 127.66.0.0/16(ro,fsid=0,no_subtree_check,sec=sys)' && export_for g42 && export_for g43 && exportfs -ra
}

# start_two_guests: server, gateway, both machines' networks; g42 is started and has mounted its export.
start_two_guests() {
  must "this kernel is a host of virtual machines" prepare_host
  write_two_guests
  must "knfsd starts" start_two_exports
  start_gateway gateway
  must "g42 has a network of its own" client_network g42
  must "g43 has a network of its own" client_network g43
  start_machine g42 42 --relay tcp:127.0.0.1:2049=2049 --relay unix:/run/g42.sock=2049 \
    --relay unix:/run/g42-host.sock=2050
  must "g42 mounts its export" mount_inside g42 /g42
}

start_g43() {
  start_machine g43 43 --relay tcp:127.0.0.1:2049=2049 --relay unix:/run/g43.sock=2049
}

# start_load: writes to a file of g42's mount, compares what it reads, and measures, until stop_load. Nothing of it is cached.
start_load() {
  rm -f /run/load.stop /run/load.status
  ("$python" -B "$here/qemu/load.py" run /mnt/g42/load /run/load.stop /run/load.times >/lab/load.log 2>&1; echo $? >/run/load.status) &
  must "g42's load has begun" wait_for 30 "the load's first calls" load_has_done 3
}

# load_has_done COUNT: whether so many turns of the load are over.
load_has_done() {
  [ "$(wc -l </run/load.times)" -ge "$1" ]
}

# load_goes_on: waits for two more turns than there are now: what was begun before is over then.
load_goes_on() {
  wait_for 60 "g42's next calls" load_has_done $(($(wc -l </run/load.times) + 3))
}

# stop_load: true when no call failed and every byte was as written.
stop_load() {
  touch /run/load.stop
  wait_for 60 "the load's end" test -s /run/load.status || return
  same "the load's exit status" "$(cat /run/load.status)" 0 || { cat /lab/load.log; return 1; }
}

now_ms() {
  date +%s%3N
}

# nothing_is_left GUEST DESCRIPTORS: the gateway holds nothing of a guest whose machine is gone.
nothing_is_left() {
  wait_for 20 "the end of the guest's descriptors (there are $(descriptors gateway), not $2)" descriptors_are "$2" || return
  fresh_counters || return
  same "$1's calls in flight" "$(counter "$1" in_flight)" 0 || return
  same "$1's buffered bytes" "$(counter "$1" buffered_bytes)" 0
}
