#!/bin/sh
# initrd-init.sh: /init of the initrd that qemu.sh boots, run by busybox: the host's root by 9p, read-only, under a tmpfs overlay, and the
# work directory at /lab. Then guest-init.sh goes on there, as it does in user-mode Linux, its output on the second serial port: the
# kernel's own messages, on the first, never fall into a line of it.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev

die() {
  echo "VM-BROKEN $*" >/dev/ttyS1
  poweroff -f
}

word() {
  tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p"
}

for module in /boot/*.ko; do
  insmod "$module" || die "the module $module does not load"
done
for processor in /sys/devices/system/cpu/cpu[1-9]*/online; do
  [ ! -e "$processor" ] || echo 1 >"$processor" || die "the second processor does not start"
done
share=trans=virtio,version=9p2000.L,msize=512000
mkdir -p /host /memory
mount -t 9p -o "ro,cache=loose,$share" host /host || die "the host's root does not mount"
mount -t tmpfs -o mode=755 tmpfs /memory && mkdir -p /memory/upper /memory/work
mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work overlay /root || die "the overlay does not mount"
mkdir -p /root/lab /root/lib/modules
mount -t 9p -o "cache=none,$share" lab /root/lab || die "the work directory does not mount"
rm -rf "/root/lib/modules/$(uname -r)"
ln -s "$(word modules)" "/root/lib/modules/$(uname -r)"
mount -t tmpfs tmpfs /root/run
for part in proc sys dev; do mount --move "/$part" "/root/$part"; done
mkdir -p /root/dev/pts /root/dev/shm
mount -t devpts devpts /root/dev/pts
mount -t tmpfs tmpfs /root/dev/shm
ln -s /proc/self/fd /root/dev/fd
exec switch_root /root /usr/bin/env SECOND_STAGE=1 /bin/bash /lab/guest-init.sh >/root/dev/ttyS1 2>&1
