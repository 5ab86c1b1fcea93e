#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_pages.py SOURCE_ROOT BUILD_ROOT

Whether what the pages show to be typed is right: each command in doc/*.md,
README.md, CONTRIBUTING.md and NEWS.md, and each piece of configuration there and
in the manuals. Each is one of

    run        by run_manuals.py, on real servers
    elsewhere  run by another test, which is looked for
    checked    programs, tests, suites and files are there, options are known
    excepted   for a reason that is told here

and one that is none of these fails: so does whatever is set apart as commands
are, and is not known to be something else.
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True

from built import Built, Wrong
from examples import EXAMPLES
from page_commands import Checker
from page_settings import check_settings, is_settings
from page_references import tests_of, wrong_references
from pages import blocks_of, manual_blocks, pages_of, spans_of, without_brackets

# Set apart, and nothing to type: how they begin.
NOT_TYPED = {
    "README.md": ["The link 'main' bridges"],
    "CONTRIBUTING.md": ["static const struct unit_test", "ring: wake a writer"],
    "doc/clocks.md": [
        "JACK's process()",
        "x += dt",
        "Vx += 2 dt",
        "1 + c' + k d",
        "capacity >= target",
        "frames = (quanta Q",
    ],
    "doc/follow.md": ["W           256"],
    "doc/measurements.md": [
        "leat: frames lost / late",
        "the highest load",
        "leat         none     ratio",
        "leat tests/foreig     ratio",
    ],
    "doc/network.md": ["host A", "trim = "],
    "doc/wakeup.md": ["old < wake_at", "now - wake_at", "sleeper "],
}

# Run by a test of its own: the file, and what it has of it.
ELSEWHERE = {
    "./run": ("tests/distro/run", "./run"),
    "./check": ("tests/distro/run", "./check"),
    "dpkg-buildpackage -us -uc": ("tests/distro/run", "dpkg-buildpackage"),
    "tests/distro/run trixie": ("check", 'tests/distro/run "$suite"'),
    "stress-ng --cpu 2 --vm 1 --io 1": ("tests/load/load.c", '"stress-ng"'),
    "systemctl --user enable --now leat": (
        "tests/integration/test_services.c",
        "systemctl --user enable --now leat",
    ),
    "pipewire -c leat.conf": ("tests/integration/test_module.c", '"leat.conf"'),
}

EXCEPTED = {
    "ulimit -n": "a limit that is named",
    "ulimit -l": "a limit that is named",
    "ulimit -l 0": "a limit that is named",
    "ulimit -r 0": "a limit that is named",
    "perf record": "what was done once, and with what",
    "wpctl status": "names what shows something, and is no recipe",
    "pw-jack jack_load": "is said not to work",
    "strace -f": "what was done once, and with what",
    "setpriv --no-new-privs": "what was done once, and with what",
    "tc qdisc add dev eth0 root netem loss 1% delay 5ms 5ms": "wants root, and a "
    "kernel with netem: it says what the test does instead",
    "systemctl --user status": "shows what systemd was told",
    "-I": "of jackd's backends",
    "-O": "of jackd's backends",
    "-Wfunction-effects": "of clang 20",
    "-fsanitize=realtime": "of clang 20",
    "-fsanitize=thread": "of compilers",
}


class Pages:
    def __init__(self, root, build):
        self.root = root
        self.checker = Checker(root, build)
        self.tests = tests_of(root)
        self.run = {line for example in EXAMPLES for line in example.lines}
        self.wrong = []
        self.seen = set()
        self.counts = dict.fromkeys(
            ("run", "elsewhere", "checked", "excepted", "settings"), 0
        )

    def count(self, kind, text):
        if (kind, text) not in self.seen:
            self.seen.add((kind, text))
            self.counts[kind] += 1

    def classify(self, text, apart):
        """Into which class it goes, or None; Wrong if it is not right."""
        if text in self.run:
            return "run"
        if text in ELSEWHERE:
            path, has = ELSEWHERE[text]
            if has not in (self.root / path).read_text():
                raise Wrong(f"{path} has no {has} any more")
            return "elsewhere"
        if text in EXCEPTED:
            return "excepted"
        if apart and re.match(r"(leat(-\w+)?|jack_\w+|pw-\w+) ", text):
            raise Wrong("examples.py has to say how it is run")
        return "checked" if self.checker.check(without_brackets(text), apart) else None

    def look_at(self, where, text, apart):
        try:
            kind = self.classify(text, apart)
            if kind:
                self.count(kind, text)
            elif apart:
                raise Wrong("what is this? It is in no class of check_pages.py")
        except Wrong as wrong:
            self.wrong.append(f"{where}: {text}\n    {wrong}")

    def look_at_block(self, block):
        if any(
            block.first().startswith(begin)
            for begin in NOT_TYPED.get(block.page, ())
        ):
            self.seen.add(("not typed", block.page, block.first()))
        elif is_settings(block):
            try:
                check_settings(block, self.checker.build)
                self.count("settings", block.name())
            except Wrong as wrong:
                self.wrong.append(f"{block.name()}: {wrong}")
        else:
            for number, command in block.commands():
                self.look_at(f"{block.page}:{number}", command, True)

    def look_at_page(self, page, text):
        for block in blocks_of(page, text):
            self.look_at_block(block)
        for number, span in spans_of(page, text):
            self.look_at(f"{page}:{number}", span, False)
        names = {test["name"] for test in self.checker.build.tests}
        for number, wrong in wrong_references(text, self.tests, names):
            self.wrong.append(f"{page}:{number}: {wrong}")

    def check_lists(self):
        """What is listed here is still shown somewhere."""
        shown = {key[1] for key in self.seen if len(key) == 2}
        stale = (set(ELSEWHERE) | set(EXCEPTED)) - shown
        self.wrong += [f"no page has it any more: {text}" for text in sorted(stale)]
        for page, begins in NOT_TYPED.items():
            for begin in begins:
                if not any(
                    key[:2] == ("not typed", page) and key[2].startswith(begin)
                    for key in self.seen
                ):
                    self.wrong.append(f"{page} has nothing that begins so: {begin}")


def main():
    root, build = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    pages = Pages(root, Built(root, build))
    for page, text in pages_of(root):
        pages.look_at_page(page, text)
    for block in manual_blocks(root):
        if is_settings(block):
            pages.look_at_block(block)
    pages.check_lists()
    if pages.wrong:
        print("\n".join(pages.wrong))
        return 1
    print(", ".join(f"{n} {kind}" for kind, n in pages.counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
