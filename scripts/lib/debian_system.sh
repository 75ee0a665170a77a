# shellcheck shell=bash
# Debian systems in a folder, for scripts that test on another system than this one. Source this file; needs root.
#
#   base_system SUITE FOLDER        makes FOLDER/base.tar with debootstrap, once
#   unpack_system FOLDER SYSTEM     unpacks a fresh system from it, whose apt works like this machine's
#   inside SYSTEM [unshare options] -- COMMAND…   runs a command there; its processes and mounts end with it
#
# All of them return non-zero on failure and leave the reason in a log in FOLDER, or on standard error.

# This machine's own sources of Debian's packages: ADDRESS SUITE COMPONENT.
debian_sources() {
  # shellcheck disable=SC2016  # apt's variables, not ours
  apt-get indextargets --format '$(ORIGIN)|$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    sed -n 's/^Debian|//p' | sort -u
}

# Prints the name of this machine's suite.
debian_suite() {
  # shellcheck source=/dev/null
  (. /etc/os-release && printf '%s' "$VERSION_CODENAME")
}

# Fails with a reason when this machine cannot make systems, or this is not run by root.
require_system_tools() {
  local tool
  ((EUID == 0)) || { printf 'only root can make and enter the system to test in (use sudo, or a container)\n'; return 1; }
  for tool in debootstrap unshare ip; do
    command -v "$tool" >/dev/null || { printf 'missing program: %s (scripts/setup --dev installs it)\n' "$tool"; return 1; }
  done
  unshare --mount --pid --net --fork true 2>/dev/null || { printf 'this machine does not let root make namespaces\n'; return 1; }
}

base_system() { # SUITE FOLDER
  local suite=$1 folder=$2 mirror
  [[ ! -f $folder/base.tar ]] || return 0
  mirror=$(debian_sources | awk -v suite="$(debian_suite)" '$2 == suite { print $1; exit }')
  [[ -n $mirror ]] || { printf 'apt has no source of packages (run apt-get update)\n' >&2; return 1; }
  mkdir -p "$folder"
  rm -rf --one-file-system "$folder/base"
  if ! unshare --mount --pid --fork --kill-child debootstrap --variant=minbase "$suite" "$folder/base" "$mirror" \
    >"$folder/debootstrap.log" 2>&1; then
    tail -n 20 "$folder/debootstrap.log" >&2
    printf 'debootstrap failed (see %s)\n' "$folder/debootstrap.log" >&2
    return 1
  fi
  tar -C "$folder/base" -cf "$folder/base.tar.new" . && mv "$folder/base.tar.new" "$folder/base.tar" || return 1
  rm -rf --one-file-system "$folder/base"
  if [[ $suite == "$(debian_suite)" ]]; then debian_sources; else printf '%s %s main\n' "$mirror" "$suite"; fi |
    sed 's/^/deb /' >"$folder/sources.list"
}

unpack_system() { # FOLDER SYSTEM
  local folder=$1 system=$2
  rm -rf --one-file-system "$system"
  mkdir -p "$system" || return 1
  tar -C "$system" -xf "$folder/base.tar" || return 1
  cp "$folder/sources.list" "$system/etc/apt/sources.list"
  apt-config dump | grep -E '^Acquire::https?::Proxy' >"$system/etc/apt/apt.conf.d/90proxy" || true
  # A mirror of a suite that changes every day may be out of date.
  printf 'Acquire::Check-Valid-Until "false";\n' >"$system/etc/apt/apt.conf.d/90old-lists"
  cp -L /etc/resolv.conf "$system/etc/resolv.conf"
  # The CAs that this machine trusts, for downloads that do not use apt.
  [[ ! -f /etc/ssl/certs/ca-certificates.crt ]] || cp -L /etc/ssl/certs/ca-certificates.crt "$system/root/trusted.crt"
  printf '#!/bin/sh\nexit 101\n' >"$system/usr/sbin/policy-rc.d" # installing starts nothing: there is no service manager
  chmod +x "$system/usr/sbin/policy-rc.d"
  printf 'force-unsafe-io\n' >"$system/etc/dpkg/dpkg.cfg.d/fast" # the system is temporary: does not wait for the disk
}

inside() { # SYSTEM [unshare options] -- COMMAND…
  local system=$1 options=()
  shift
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  # shellcheck disable=SC2016  # the inner shell's variables
  unshare --mount --pid --fork --kill-child "${options[@]}" bash -c '
    mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/dev" && mkdir -m 1777 "$1/dev/shm" || exit 1
    for node in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
      read -r name major minor <<<"$node"
      mknod -m 666 "$1/dev/$name" c "$major" "$minor" || exit 1
    done
    mkdir "$1/dev/pts" && mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts" || exit 1
    ln -s pts/ptmx "$1/dev/ptmx"
    ln -s /proc/self/fd "$1/dev/fd"
    if [[ -n $SYSTEM_CACHE ]]; then mount --bind "$SYSTEM_CACHE" "$1/cache" || exit 1; fi
    ip link set lo up && exec chroot "$@"' inside "$system" \
    env -i HOME=/root NODE_EXTRA_CA_CERTS=/root/trusted.crt PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}
