#!/bin/bash
# guest-init.sh: process 1 of the user-mode Linux guest that tests/vm/uml.sh boots.
# First stage, on the host's root seen read-only through hostfs: lays a tmpfs over it, so that the guest can write everywhere and the
# host keeps every byte, mounts the work directory read-write at /lab, and enters the new root. Second stage: runs /lab/job, writes
# "VM-RESULT STATUS" to the console, powers off. uml.sh copies this file into the work directory; it is never run from the source tree.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
# User-mode Linux 6.1 saves no AVX-512 registers when it delivers a signal (its frame ends with AVX): a C library that uses them loses
# its place in a string when a handler comes in between.
export GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW

# word NAME: the value of NAME=value on the kernel's command line.
word() {
  tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p"
}

die() {
  echo "VM-BROKEN $*"
  busybox poweroff -f
}

build_root() {
  mount -t proc proc /proc
  local lab modules
  lab=$(word lab) modules=$(word modules)
  insmod "$modules/kernel/fs/overlayfs/overlay.ko" || die "the module overlay does not load from $modules"
  mount -t tmpfs -o mode=755 tmpfs /mnt && mkdir -p /mnt/upper /mnt/work /mnt/root
  mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root || die "the overlay does not mount"
  cd /mnt/root || die "the overlay has no root"
  mkdir -p lab lib/modules
  mount -t hostfs -o "$lab" none lab || die "the work directory $lab does not mount"
  mount -t proc proc proc
  mount -t sysfs sys sys
  mount -t devtmpfs dev dev
  mount -t tmpfs tmpfs run
  mkdir -p dev/pts dev/shm
  mount -t devpts devpts dev/pts
  mount -t tmpfs tmpfs dev/shm
  rm -rf "lib/modules/$(uname -r)"
  ln -s "$modules" "lib/modules/$(uname -r)"
  ln -s /proc/self/fd dev/fd
  ln -s fd/0 dev/stdin
  ln -s fd/1 dev/stdout
  ln -s fd/2 dev/stderr
}

if [ -z "${SECOND_STAGE:-}" ]; then
  build_root
  exec env SECOND_STAGE=1 chroot . /bin/bash /lab/guest-init.sh
fi
ip link set lo up
hostname guest
cd /
setsid -w bash /lab/job </dev/null
status=$?
dmesg >/lab/dmesg.log
sync
echo "VM-RESULT $status"
busybox poweroff -f
