#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lint.sh CHECK SOURCE_ROOT: what can be said of the sources without running
# them. Exits with 77, and says why, where a tool is missing.
set -eu
cd "$2"

sources() {
	find include src tests doc -name '*.c' -o -name '*.h' | sort
}

skip() {
	echo "skipped: $*"
	exit 77
}

# clang-format decides the layout; other versions decide differently.
check_format() {
	clang-format --version 2>/dev/null | grep -q 'version 14\.' ||
		skip "the layout is that of clang-format 14, which is not here"
	clang-format --dry-run --Werror $(sources)
}

check_licences() {
	bad=$(find include src tests doc data debian/rules debian/tests run \
		check .ci meson.build meson_options.txt -type f ! -name '*.md' ! -name '*.png' ! -name '*.svg' \
		-print0 | xargs -0 grep -L 'SPDX-License-Identifier: MIT') || true
	[ -z "$bad" ] || {
		echo "no licence is named in:" $bad
		exit 1
	}
}

check_manuals() {
	command -v mandoc >/dev/null || skip "mandoc is not here"
	mandoc -Tlint -W warning $(find data/man -name '*.[1-8]')
}

# Whoever looks for a page finds it: each is in the index, each manual is
# installed, and each of a program is named in leat(1).
check_index() {
	bad=
	for page in doc/*.md; do
		name=${page#doc/}
		[ "$name" = README.md ] ||
			grep -qF "[$name]($name)" doc/README.md ||
			bad="$bad $page is not in doc/README.md;"
	done
	for page in data/man/*; do
		name=${page##*/}
		grep -rqF "man/$name'" data --include=meson.build ||
			find src -name meson.build -exec grep -qF "$name'" {} + ||
			bad="$bad $page is not installed;"
		case $name in
		leat-*.1)
			grep -qF ".Xr ${name%.1} 1" data/man/leat.1 ||
				bad="$bad $page is not in leat(1);"
			;;
		esac
	done
	[ -z "$bad" ] || {
		echo "$bad" | tr ';' '\n'
		exit 1
	}
}

# The units, as systemd itself reads them. Where the programs are is no matter.
check_units() {
	command -v systemd-analyze >/dev/null || skip "systemd is not here"
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	for unit in leat.service leat@.service; do
		sed 's|^ExecStart=@bindir@/leat-up|ExecStart=/bin/true|' \
			"data/systemd/$unit.in" >"$dir/$unit"
		cmp -s "$dir/$unit" "data/systemd/$unit.in" && exit 1
	done
	XDG_RUNTIME_DIR=$dir systemd-analyze --user --man=no verify \
		"$dir/leat.service" "$dir/leat@link.service" >"$dir/log" 2>&1 ||
		{ cat "$dir/log"; exit 1; }
	# It is content with what it only complains of.
	[ ! -s "$dir/log" ] || { cat "$dir/log"; exit 1; }
}

# Realtime threads write no log: nobody who is called by one knows how to.
check_quiet() {
	# shellcheck disable=SC2046 # a list
	bad=$(grep -l 'leat_log\|cli/log\.h' $(grep -rlw LEAT_RT src \
		--include='*.c')) || true
	[ -z "$bad" ] || {
		echo "realtime functions and messages are in one file:" $bad
		exit 1
	}
}

# Who may include whom: README of the folders, as a rule.
check_layers() {
	bad=$(grep -nE '#include [<"](jack|pipewire|spa)/' -r src/ringbuf \
		src/link src/cli include || true
	grep -nE '#include "(link|cli|jack_bridge|pw_bridge|tools)/' -r \
		src/ringbuf include || true
	grep -nE '#include ("pw_bridge|[<"](pipewire|spa)/)' -r \
		src/jack_bridge || true
	grep -nE '#include ("jack_bridge|[<"]jack/)' -r src/pw_bridge || true)
	[ -z "$bad" ] || {
		echo "these includes cross the layers:"
		echo "$bad"
		exit 1
	}
}

"check_$1"
