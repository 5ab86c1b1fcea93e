# SPDX-License-Identifier: MIT
"""What meson knows of a build directory: programs, tests, options."""

import functools
import json
import os
import pathlib
import re
import shutil
import subprocess


class Wrong(Exception):
    """What is wrong with what a page shows."""


class Built:
    def __init__(self, root, build):
        self.root = root
        self.build = build
        self.targets = self.load("targets")
        self.tests = self.load("tests")
        self.benchmarks = self.load("benchmarks")
        self.options = {option["name"] for option in self.load("buildoptions")}
        self.programs = {
            target["name"]: target
            for target in self.targets
            if target["type"] == "executable"
        }

    def load(self, what):
        path = self.build / "meson-info" / f"intro-{what}.json"
        return json.loads(path.read_text())

    def path_of(self, name):
        return pathlib.Path(self.programs[name]["filename"][0])

    def has_file(self, relative):
        """Whether a target makes it."""
        return any(
            str(self.build / relative) in target["filename"]
            for target in self.targets
        )

    def program_at(self, relative):
        for name, target in self.programs.items():
            if str(self.build / relative) in target["filename"]:
                return name
        return None

    @functools.lru_cache(maxsize=None)
    def source_of(self, name):
        """All that a program is compiled of, and the libraries of tests."""
        targets = [self.programs[name]] + [
            target
            for target in self.targets
            if target["type"] == "static library"
            and "tests" in pathlib.Path(target["defined_in"]).parts
        ]
        paths = [
            path
            for target in targets
            for group in target["target_sources"]
            for path in group.get("sources", ())
        ]
        return "\n".join(
            pathlib.Path(path).read_text()
            for path in paths
            if os.path.exists(path) and path.startswith(str(self.root))
        )

    @functools.lru_cache(maxsize=None)
    def options_of_leat(self):
        text = (self.root / "data" / "completions" / "options").read_text()
        known = set(re.findall(r"(?<!\S)--?[a-z0-9][\w-]*", text))
        return known | {"--help", "--usage", "--version"}

    @functools.lru_cache(maxsize=None)
    def options_of_meson(self, command):
        if not shutil.which("meson"):
            raise Wrong("meson is not here")
        done = subprocess.run(
            ["meson", command, "--help"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Wrong(f"meson has no command '{command}'")
        return set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", done.stdout))

    @functools.lru_cache(maxsize=None)
    def help_accepts(self, name, *words):
        """Whether the program itself takes the words, before it tells what there
        is."""
        done = subprocess.run(
            [self.path_of(name), *words, "--help"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=20,
            env=dict(os.environ, LEAT_PATH=self.leat_path()),
        )
        if done.returncode:
            raise Wrong(done.stderr.strip().split("\n")[0])

    def leat_path(self):
        return ":".join(
            str(self.path_of(name).parent)
            for name in self.programs
            if name.startswith("leat-")
        )

    def tests_named(self, words, suites, setup, benchmark):
        """Those that `meson test` would run."""
        tests = self.benchmarks if benchmark else self.tests
        suitable = [
            test
            for test in tests
            if (setup == "long" or "long" not in suites_of(test))
            and (not suites or set(suites) & set(suites_of(test)))
        ]
        for suite in suites:
            if not any(suite in suites_of(test) for test in suitable):
                raise Wrong(f"there is no suite '{suite}' with tests")
        if not words:
            return suitable
        found = []
        for word in words:
            name = word.removeprefix("leat:")
            named = [test for test in suitable if test["name"] == name]
            if not named and any(test["name"] == name for test in tests):
                raise Wrong(f"the test '{name}' is in a suite that is left out so")
            if not named:
                raise Wrong(f"there is no test '{name}'")
            found += named
        return found


def suites_of(test):
    """Without the project; with its setups, as meson has no word for them."""
    return [suite.split(":")[-1] for suite in test["suite"]]
