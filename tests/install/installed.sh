#!/bin/sh
# SPDX-License-Identifier: MIT
#
# installed.sh files|libraries|symbols SOURCE_ROOT BUILD_ROOT PREFIX LIBDIR
#              MODULEDIR
#
# What `meson install` puts where is what tests/install/expected lists; what
# that is linked to; and whether the library exports what its headers declare
# and Debian's list of its symbols has. MODULEDIR is PipeWire's own.
#
# With LEAT_UPDATE=1 in the environment the two lists are made anew instead.
set -eu
what=$1
source=$2
build=$3
prefix=$4
libdir=$5
moduledir=$6
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C

install_all() {
	meson install -C "$build" --no-rebuild --destdir "$dir/root" \
		>"$dir/log" 2>&1 || {
		cat "$dir/log"
		exit 1
	}
}

# The places that differ from system to system have names in the list.
plain_names() {
	(cd "$dir/root" && find . ! -type d | sed 's|^\.||') |
		sed -e "s|^$moduledir/|MODULEDIR/|" \
			-e "s|^$prefix/$libdir/|LIBDIR/|" \
			-e "s|^$prefix/||" | sort
}

check_files() {
	list=$source/tests/install/expected
	install_all
	plain_names >"$dir/found"
	[ -z "${LEAT_UPDATE-}" ] || {
		grep '^#' "$list" | cat - "$dir/found" >"$dir/new"
		cp "$dir/new" "$list"
	}
	grep -v '^#' "$list" | sort >"$dir/expected"
	diff -u "$dir/expected" "$dir/found" ||
		{ echo "tests/install/expected has another list"; exit 1; }
	echo "$(wc -l <"$dir/found") files, and no others"
}

# libraries_of FILE: the names of all that is loaded with it, but for libc's.
libraries_of() {
	LD_LIBRARY_PATH=$dir/root$prefix/$libdir ldd "$1" >"$dir/ldd" ||
		{ cat "$dir/ldd"; exit 1; }
	# A library that is not found would hide those that it needs.
	! grep 'not found' "$dir/ldd" || exit 1
	sed -n 's|^[[:space:]]*\([^ ]*\) .*|\1|p' "$dir/ldd" |
		grep -v -e '^linux-\(vdso\|gate\)' -e '^/.*/ld-' -e '^ld-' |
		sed 's|.*/||' | sort
}

# without FILE LIBRARY...: none of these is loaded with it.
without() {
	file=$1
	shift
	[ -e "$file" ] || { echo "$file is not there"; exit 1; }
	libraries=$(libraries_of "$file")
	for library in "$@"; do
		! echo "$libraries" | grep -q "^$library\." || {
			echo "$file is linked to $library"
			exit 1
		}
	done
	echo "${file##*/}: none of $*"
}

check_libraries() {
	install_all
	lib=$dir/root$prefix/$libdir
	bin=$dir/root$prefix/bin
	libraries=$(libraries_of "$lib/libleat.so")
	[ "$libraries" = libc.so.6 ] || {
		echo "libleat.so is linked to more than libc:" $libraries
		exit 1
	}
	echo "libleat.so: libc only"
	without "$lib/jack/leat.so" libpipewire-0.3 libjack
	without "$bin/leat-jack" libpipewire-0.3 libjackserver
	without "$bin/leat-pipewire" libjack libjackserver
	without "$dir/root$moduledir/libpipewire-module-leat.so" libjack \
		libjackserver
	for program in leat leat-up leat-status; do
		without "$bin/$program" libjack libjackserver libpipewire-0.3
	done
}

# Names that are followed by an argument list, in the public headers.
declared() {
	cat "$source"/include/leat/*.h "$source"/include/leat/inline/*.h |
		grep -o '\<leat_[a-z0-9_]*(' | tr -d '(' | sort -u
}

# Of this version are those that the list does not have yet.
add_symbols() {
	version=$(sed -n 's/^leat (\([^-)]*\).*/\1/p;q' \
		"$source/debian/changelog")
	{
		grep -v '^ ' "$list"
		while read -r symbol; do
			grep "^ $symbol@" "$list" || echo " $symbol@Base $version"
		done <"$dir/exported"
	} >"$dir/new"
	cp "$dir/new" "$list"
}

check_symbols() {
	list=$source/debian/libleat0.symbols
	nm -D --defined-only "$build/src/libleat.so" |
		awk '$2 != "A" { print $3 }' | sort >"$dir/exported"
	[ -z "${LEAT_UPDATE-}" ] || add_symbols
	sed -n 's/^ \(.*\)@Base .*/\1/p' "$list" | sort >"$dir/listed"
	diff -u "$dir/listed" "$dir/exported" ||
		{ echo "debian/libleat0.symbols has another list"; exit 1; }
	declared >"$dir/declared"
	comm -23 "$dir/exported" "$dir/declared" >"$dir/hidden"
	[ ! -s "$dir/hidden" ] || {
		echo "exported, but in no public header:"
		cat "$dir/hidden"
		exit 1
	}
	echo "$(wc -l <"$dir/exported") symbols, all of them declared and listed"
}

"check_$what"
