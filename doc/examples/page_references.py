# SPDX-License-Identifier: MIT
"""Tests that pages name, as `program: suite: test`, and `another`, which are of the
same program; … stands for anything."""

import re

REFERENCE = r"`([\w-]+): ([^`:]+): ([^`]+)`"
MORE = re.compile(REFERENCE + r"((?:,\s+`[^`]+`)*)")


def tests_of(root):
    """{program: {(suite, test)}}, also with the name of its folder before it."""
    found = {}
    for path in (root / "tests").rglob("test_*.c"):
        name = path.stem.removeprefix("test_")
        text = path.read_text()
        rows = set(re.findall(r'\{\s*"([^"]*)",\s*"([^"]*)"', text))
        for key in (name, f"{path.parent.name}_{name}"):
            found.setdefault(key, set()).update(rows)
    return found


def alike(told, name):
    parts = [re.escape(part) for part in told.strip().split("…")]
    return re.fullmatch(".*".join(parts), name) is not None


def wrong_references(text, tests, names):
    """(line number, what is wrong) of a page; names are those of meson's tests."""
    for match in MORE.finditer(text):
        program, suite, test = (" ".join(word.split()) for word in match.groups()[:3])
        number = text.count("\n", 0, match.start()) + 1
        if (program, suite, test) == ("program", "suite", "test"):
            continue
        rows = tests.get(program.replace("-", "_"))
        if rows is None:
            yield number, f"there is no test program '{program}'"
            continue
        if not any(alike(suite, row[0]) and alike(test, row[1]) for row in rows):
            yield number, f"{program} has no '{suite}: {test}'"
        for more in re.findall(r"`([^`]+)`", match[4]):
            more = " ".join(more.split())
            if not (more in names or is_in(more, rows) or is_program(more, tests)):
                yield number, f"{program} has no '{more}'"


def is_in(told, rows):
    """As `test` or `suite: test`."""
    return any(alike(told, row[1]) or alike(told, ": ".join(row)) for row in rows)


def is_program(told, tests):
    """`another: …`, all of another program."""
    program, _, suite = told.partition(": ")
    rows = tests.get(program.replace("-", "_"), ())
    return any(alike(suite, row[0]) for row in rows)
