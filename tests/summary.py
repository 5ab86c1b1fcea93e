#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sum up meson's test logs in one line: N passed, N failed, N skipped.

A test program that counts its own tests says so in lines of the form
"cunit: N passed, N failed" with ", N skipped" behind it where there are any;
any other program is one test. Exits with 1 if a test failed or none passed.
"""

import json
import re
import sys

COUNTS = re.compile(
    r"^cunit: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
SKIPS = re.compile(r"^skipped: .*$", re.M)
GOOD = {"OK", "EXPECTEDFAIL"}


def count(test):
    """Passed, failed and skipped tests of one program."""
    output = test.get("stdout") or ""
    counts = COUNTS.findall(output)
    if test["result"] == "SKIP":
        return 0, 0, 1
    if not counts:
        return (1, 0, 0) if test["result"] in GOOD else (0, 1, 0)
    passed, failed, skipped = (
        sum(int(c[i] or 0) for c in counts) for i in range(3))
    # A crash after, or instead of, a failed check is a failure too.
    if test["result"] not in GOOD and failed == 0:
        failed = 1
    return passed, failed, skipped


def main(paths):
    total = [0, 0, 0]
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                test = json.loads(line)
                for i, n in enumerate(count(test)):
                    total[i] += n
                output = (test.get("stdout") or "") + (test.get("stderr") or "")
                for reason in SKIPS.findall(output):
                    print(f"{test['name']}: {reason}")
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 0 if total[0] > 0 and total[1] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
