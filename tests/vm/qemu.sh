#!/bin/bash
# qemu.sh [--build DIR] [--timeout SECONDS] SCENARIO [NAME=VALUE...]: runs a scenario inside QEMU, on an emulated x86 with two processors.
# uml.sh's interface, promises and exit statuses; only that a processor of this guest is three to thirty times slower, and that its
# kernel, 6.12, has /dev/vhost-vsock, so that vsguest can be a virtual machine with a CID of its own. No KVM is used or needed.
. "$(dirname "${BASH_SOURCE[0]}")/boot.sh"

kind=qemu
memory_mib=1536
seconds=600
patience=5

# prepare KERNEL: the initrd: busybox, the modules that it takes to reach the host's root, and initrd-init.sh.
prepare() {
  local kernel=$1 root=$work/machine/initrd name
  mkdir -p "$root"/{bin,dev,proc,sys,root}
  cp -r "$kernel/boot" "$root/"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for name in sh mount mkdir insmod poweroff tr sed rm ln uname switch_root; do ln -s busybox "$root/bin/$name"; done
  cp "$here/initrd-init.sh" "$root/init"
  chmod 755 "$root/init"
  (cd "$root" && find . | cpio --quiet -o -H newc) >"$work/machine/initrd.cpio" && return
  say "cpio cannot make the initrd (are cpio and busybox-static installed?)"
  exit 125
}

# launch KERNEL: the guest. 9p serves paths as this user may read them: root is not needed. With VM_CLOCK=instructions in the environment
# its clock is the number of instructions that its single processor has executed: what it measures does not depend on this host's load.
# The second processor starts in initrd-init.sh: while it boots the kernel rewrites its own code, and QEMU sometimes runs the breakpoint
# that guards such a place after it is gone, on the other processor ("Oops: int3", one boot in 150). A busy host makes timers late: the
# check of them at boot is left out.
launch() {
  local kernel=$1 modules clock=(-accel tcg,thread=multi -smp 2)
  [ "${VM_CLOCK:-}" != instructions ] || clock=(-accel tcg,thread=single -icount shift=1,sleep=off -smp 1)
  modules=$(echo "$kernel"/mod/lib/modules/*)
  timeout --kill-after=5 "$seconds" qemu-system-x86_64 -M q35 "${clock[@]}" -cpu max -m "$memory_mib" \
    -nodefaults -no-user-config -no-reboot -display none -serial "file:$work/kernel.log" -serial "file:$work/console.log" \
    -kernel "$kernel/linux" -initrd "$work/machine/initrd.cpio" \
    -append "console=ttyS0 quiet panic=-1 mitigations=off nopti maxcpus=1 no_timer_check modules=$modules" \
    -fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap -device virtio-9p-pci,fsdev=host,mount_tag=host \
    -fsdev "local,id=lab,path=$work,security_model=none,multidevs=remap" -device virtio-9p-pci,fsdev=lab,mount_tag=lab \
    </dev/null >"$work/qemu.log" 2>&1 &
  guest=$!
}

# stop_orphans: there are none: QEMU is one process.
stop_orphans() {
  :
}

run_guest "$@"
