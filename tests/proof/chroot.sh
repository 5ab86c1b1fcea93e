#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Provers that a machine may not have, from the Debian release that has them.
#
#   chroot.sh make TOOL            make the system with the tool in it, once
#   chroot.sh has TOOL             can "run" run it? (on the machine, or there)
#   chroot.sh run TOOL DIR ARG...  run it with DIR as its working directory,
#                                  from the machine if it is there
#
# TOOL is herd7 (herdtools7 of forky), cbmc or clang (of trixie).
# clang is clang-22 with the realtime sanitizer and all headers that leat needs.
# It is never taken from the machine, and its first ARG is the program to run.
# DIR is all that the tool sees of the machine, and read only; what is put into
# /tmp is gone in the end. Making and entering a system wants root.
#
#   LEAT_ROOTS   where the systems are kept
#   LEAT_MIRROR  where they come from
set -eu

roots=${LEAT_ROOTS:-/var/tmp/leat-roots}
mirror=${LEAT_MIRROR:-http://deb.debian.org/debian}

usage() {
	echo "usage: $0 make|has|run herd7|cbmc|clang [DIR ARG...]" >&2
	exit 2
}

[ $# -ge 2 ] || usage
action=$1
tool=$2
shift 2
program=$tool
case $tool in
herd7) suite=forky packages=herdtools7 ;;
cbmc) suite=trixie packages='cbmc gcc libc6-dev' ;;
clang)
	suite=trixie program=env
	packages='clang-22 libclang-rt-22-dev libc6-dev libcunit1-dev
		libjack-jackd2-dev libpipewire-0.3-dev'
	;;
*) usage ;;
esac
root=$roots/proof-$tool

fail() {
	echo "chroot: $tool: $*" >&2
	exit 1
}

# enter ROOT DIR COMMAND...: with mounts and processes of its own, which end
# with it. DIR may be empty.
enter() {
	# shellcheck disable=SC2016 # expanded inside
	unshare --mount --pid --ipc --fork --kill-child sh -euc '
		root=$1 dir=$2
		shift 2
		mount --make-rprivate /
		mount -t proc proc "$root/proc"
		mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
		if [ -n "$dir" ]; then
			mount --bind "$dir" "$root/mnt"
			mount -o remount,bind,ro "$root/mnt"
		fi
		status=0
		chroot "$root" env -i HOME=/root LANG=C.UTF-8 \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			DEBIAN_FRONTEND=noninteractive \
			${http_proxy:+"http_proxy=$http_proxy"} \
			sh -c "cd /mnt && \"\$@\"" sh "$@" || status=$?
		exit "$status"
	' sh "$@"
}

# ---- make ----

# A release in the making is signed for a week; a mirror may be older.
install_packages() {
	echo "deb [check-valid-until=no] $mirror $suite main" \
		>"$1/etc/apt/sources.list"
	cp -L /etc/resolv.conf "$1/etc/resolv.conf" 2>/dev/null || :
	# shellcheck disable=SC2086 # a list
	enter "$1" '' sh -euc '
		apt-get -q -o Acquire::Check-Valid-Until=false update
		apt-get -qy --no-install-recommends install "$@"
		apt-get clean
	' sh $packages </dev/null
}

# It is made under another name, so that half a system is never used.
make_root() {
	script=/usr/share/debootstrap/scripts/$suite
	# An older debootstrap does not know the newer releases by name.
	[ -e "$script" ] || script=${script%/*}/sid
	work=$(mktemp -d "$roots/tmp.XXXXXX")
	trap 'rm -rf --one-file-system "$work"' EXIT
	debootstrap --variant=minbase "$suite" "$work/new" "$mirror" \
		"$script" || fail "debootstrap"
	install_packages "$work/new" || fail "apt-get"
	mv "$work/new" "$root"
}

make_once() {
	[ "$(id -u)" = 0 ] || fail "only root can make it"
	command -v debootstrap >/dev/null || fail "debootstrap is not installed"
	mkdir -p "$roots"
	exec 9>"$root.lock"
	flock 9
	[ -d "$root" ] || make_root
}

# ---- has, run ----

on_machine() {
	[ "$tool" != clang ] && command -v "$tool" >/dev/null
}

in_root() {
	[ "$(id -u)" = 0 ] && [ -d "$root" ] &&
		unshare --mount --pid --ipc --fork true 2>/dev/null
}

run_tool() {
	[ $# -ge 1 ] || usage
	dir=$(cd "$1" && pwd)
	shift
	if on_machine; then
		cd "$dir"
		exec "$tool" "$@"
	fi
	in_root || fail "it is neither here nor in $root"
	enter "$root" "$dir" "$program" "$@"
}

case $action in
make) make_once ;;
has) on_machine || in_root ;;
run) run_tool "$@" ;;
*) usage ;;
esac
