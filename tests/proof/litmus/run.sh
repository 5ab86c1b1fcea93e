#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Ask herd7 about each litmus test here: the bad outcome never comes about, and
# in each twin, which lacks one order or barrier, it sometimes does.
#
# C tests are under RC11 (Lahav et al., "Repairing Sequential Consistency in
# C/C++11", 2017), the others under the models of their makers.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
chroot=$here/../chroot.sh

"$chroot" has herd7 || {
	echo "skipped: herd7 is not here: tests/proof/chroot.sh make herd7"
	exit 77
}

# In one go for each model: it may have to enter another system for it.
{
	cd "$here"
	"$chroot" run herd7 "$here" -model rc11.cat c-*.litmus
	"$chroot" run herd7 "$here" x86-*.litmus
	"$chroot" run herd7 "$here" aarch64-*.litmus
	"$chroot" run herd7 "$here" riscv-*.litmus
} | awk '
	# "Observation NAME Never|Sometimes|Always positive negative"; in NAME
	# the twin comes after a double underscore.
	$1 == "Observation" {
		expected = $2 ~ /__/ ? "Sometimes" : "Never"
		n[expected]++
		if ($3 != expected) {
			print $2 ": " $3 ", not " expected
			bad++
		}
	}
	END {
		print n["Never"] + 0, "tests,", n["Sometimes"] + 0, \
			"twins,", bad + 0, "wrong"
		exit bad > 0 || n["Never"] != tests || n["Sometimes"] != twins
	}' tests="$(ls "$here" | grep '\.litmus$' | grep -vc '\.twin-')" \
	twins="$(ls "$here" | grep -c '\.twin-')"
