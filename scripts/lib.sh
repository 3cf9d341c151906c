# What scripts/demo and scripts/test share: packages and builds. Sourced by bash.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

declare -A packages=(
  [build]="g++ cmake ninja-build ccache pkg-config libspdlog-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libsystemd-dev libssl-dev libkrb5-dev libtirpc-dev rpcsvc-proto prometheus-cpp-dev libmicrohttpd-dev"
  [tests]="catch2 python3 python3-pytest krb5-kdc krb5-admin-server krb5-user python3-gssapi python3-jsonschema libnss-wrapper prometheus logrotate"
  [peers]="nfs-ganesha nfs-ganesha-vfs libnfs-utils rpcbind haproxy iproute2 util-linux gssproxy libfaketime"
  [kdc]="podman runc debootstrap"
  [vm]="nfs-kernel-server nfs-common busybox-static kmod iproute2 procps apt-utils iptables"
  [packaging]="debhelper lintian mandoc dpkg-dev systemd systemd-container zsh fish"
  [qemu]="qemu-system-x86 cpio xz-utils zstd socat systemd"
)

# need_packages GROUP...: installs what is missing of the groups. Without root it only checks, and says what to install.
need_packages() {
  local group name missing=()
  for group in "$@"; do
    for name in ${packages[$group]}; do
      [[ $(dpkg-query -W -f '${Status}' "$name" 2>/dev/null) == "install ok installed" ]] || missing+=("$name")
    done
  done
  # nfs-ganesha reads /etc/mtab, which a minimal Debian does not have.
  ((EUID != 0)) || [[ -e /etc/mtab ]] || ln -s ../proc/self/mounts /etc/mtab
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    echo "missing packages; as root: apt-get install ${missing[*]}" >&2
    return 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# build_preset PRESET [TARGET...]: configures and builds; quiet unless it fails. The compiler cache lives outside the tree, and what one
# clone compiled serves another in another place. $unit_tests: ON or OFF, whether what ctest runs is built, too; ON unless it is set.
build_preset() {
  local -x CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1
  local preset=$1 log
  shift
  log=$(mktemp)
  if ! { (cd "$top" && cmake --preset "$preset" -DGATEHOUSE_UNIT_TESTS="${unit_tests:-ON}" -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache) &&
         cmake --build "$top/build/$preset" ${1:+--target "$@"}; } >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}
