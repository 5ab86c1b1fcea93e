# SPDX-License-Identifier: MIT
"""Whether a command that a page shows can be right, as far as that is known
without running it."""

import functools
import os
import pathlib
import re
import shlex

from built import Wrong

PLACEHOLDER = re.compile(r"[A-Z][A-Z_+]*|[A-Z]+[+].*")
NUMBER = re.compile(r"[\d.]+(ms|us|s|h|%)?")
FILE = re.compile(r"[\w./*-]+\.(c|h|sh|py|in|md|conf|service|pml|gnuplot|txt|svg|png)")
FOLDERS = ("tests", "src", "doc", "data", "include", "debian", "build", "build-bench")
# Of other projects; or there when something was installed or is done.
FOREIGN = {
    "client.conf",
    "loop.c",
    "spa/plugins/support/loop.c",
    "spa/utils/json.h",
    "tests/unit/test_thing.c",
}


# Programs of others that somebody may be told to type, within a sentence.
OTHERS = re.compile(
    r"(sudo|su|apt|apt-get|dpkg|man|mkdir|ln|cp|mv|rm|cat|echo|chmod|usermod|groupadd|"
    r"mount|sysctl|modprobe|ulimit|prlimit|chrt|taskset|setpriv|unshare|ping|ip|tc|"
    r"systemctl|systemd-\w+|journalctl|loginctl|busctl|perf|strace|gdb|valgrind|stress-ng|"
    r"jackd|jackdbus|jack_\w+|a2jmidid|aplay|arecord|pipewire|wireplumber|wpctl|pactl|"
    r"pw-\w+|spa-\w+|ffmpeg|ffplay|sox|gnuplot|jq|curl|pkg-config|gcc|clang|python3|git)"
)


class Checker:
    def __init__(self, root, build):
        self.root = root
        self.build = build
        self.paths = sorted(self.list_paths())

    def list_paths(self):
        """All that is in the tree, as far as it is ours."""
        for folder, folders, files in os.walk(self.root):
            folders[:] = [
                name
                for name in folders
                if not name.startswith(("build", ".git", "__pycache__"))
            ]
            for name in folders + files:
                yield str(pathlib.Path(folder, name).relative_to(self.root))

    # ---- files ----

    @functools.lru_cache(maxsize=None)
    def find(self, name):
        """The one path in the tree that ends so, with * for anything."""
        name = name.removeprefix("./").rstrip("/")
        pattern = re.compile(
            "(?:.*/)?" + ".*".join(re.escape(part) for part in name.split("*"))
            # Without the end of its name, as proofs are, or as it is installed.
            + r"(?:\.litmus|\.in)?"
        )
        return next((path for path in self.paths if pattern.fullmatch(path)), None)

    def check_path(self, path):
        if path in FOREIGN:
            return
        if path.startswith("build"):
            inside = path.partition("/")[2]
            if inside and not self.build.has_file(inside):
                raise Wrong(f"nothing makes {path}")
        elif not self.find(path):
            raise Wrong(f"there is no {path}")

    # ---- arguments ----

    def check_words(self, words, known):
        """Of a program of the tests: options and words are in its source."""
        for word in words:
            value = word.partition("=")[2]
            name = word.partition("=")[0]
            if PLACEHOLDER.fullmatch(word) or NUMBER.fullmatch(word):
                continue
            if word in (".", "build", "doc") or "/" in word or FILE.fullmatch(word):
                if word not in (".", "build"):
                    self.check_path(word)
                continue
            if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", known):
                raise Wrong(f"it knows no '{name}'")
            if value:
                self.check_words([value], known)

    def check_program(self, name, words):
        strings = re.findall(r'"(?:[^"\\\n]|\\.)*"', self.build.source_of(name))
        self.check_words(words, "\n".join(strings))

    def check_script(self, path, words):
        file = self.root / path
        if not file.is_file():
            return
        if words and not os.access(file, os.X_OK):
            raise Wrong(f"{path} is no program")
        self.check_words(words, file.read_text())

    # ---- programs ----

    def check_leat(self, words, apart):
        name = words[0]
        words = words[1:]
        if name == "leat" and words and not words[0].startswith("-"):
            name, words = f"leat-{words[0]}", words[1:]
        if name not in self.build.programs:
            raise Wrong(f"there is no program {name}")
        if not apart and words and words[-1].startswith("-"):
            # In a sentence it goes without its value.
            self.check_fragment(words.pop(), [])
        self.build.help_accepts(name, *words)

    def check_ninja(self, words):
        for target in without_folder(words):
            if not self.build.has_file(target):
                raise Wrong(f"nothing makes {target}")

    def check_meson(self, words):
        command, words = words[0], without_folder(words[1:])
        known = self.build.options_of_meson(command) if words else ()
        rest, suites, arguments, setup = [], [], [], None
        words = iter(words)
        for word in words:
            name, _, value = word.partition("=")
            if word.startswith("-D") and command == "setup":
                self.check_option(word[2:])
            elif not word.startswith("-"):
                rest.append(word)
            elif name not in known:
                raise Wrong(f"meson {command} has no option {name}")
            elif name == "--suite":
                suites.append(next(words))
            elif name == "--setup":
                setup = next(words)
            elif name == "--test-args":
                arguments.append(value)
            elif name in ("-t", "--logbase"):
                next(words)
            elif name == "--benchmark":
                setup = setup or "benchmark"
        if command == "test":
            self.check_tests(rest, suites, setup, arguments)

    def check_option(self, word):
        if word.partition("=")[0] not in self.build.options:
            raise Wrong(f"there is no build option {word}")

    def check_tests(self, names, suites, setup, arguments):
        names = [name for name in names if not PLACEHOLDER.fullmatch(name)]
        benchmark = setup == "benchmark"
        for test in self.build.tests_named(names, suites, setup, benchmark):
            if arguments:
                self.check_program(pathlib.Path(test["cmd"][0]).name, arguments)

    # ---- a command ----

    def check(self, text, apart):
        """Whether it is one that is known, and right; Wrong where it is wrong."""
        commands = split(text)
        if not commands:
            return False
        return all([self.check_one(words, apart) for words in commands])

    def check_one(self, words, apart):
        while words and re.match(r"[A-Z_]+=", words[0]):
            words = words[1:]
        if not words:
            return False
        name, words = words[0], words[1:]
        if re.fullmatch(r"[\w:-]+: .*", " ".join([name] + words)):
            return False
        if re.fullmatch(r"--?[A-Za-z][\w-]*(=.*)?", name):
            return self.check_fragment(name, words)
        if name == "meson" and words:
            self.check_meson(words)
        elif name == "ninja":
            self.check_ninja(words)
        elif re.fullmatch(r"leat(-[a-z]+)?", name) and self.is_leat(name):
            self.check_leat([name] + words, apart)
        elif name in self.build.programs:
            self.check_program(name, words)
        elif name.startswith("build") and "/" in name:
            self.check_path(name)
            program = self.build.program_at(name.partition("/")[2])
            if program:
                self.check_program(program, words)
        elif self.is_ours(name):
            self.check_path(name)
            self.check_script(self.find(name) or name, words)
        elif words and self.is_script(self.find(name)):
            self.check_script(self.find(name), words)
        elif self.is_file(name):
            self.check_path(name)
        elif re.fullmatch(r"test_\w+", name):
            raise Wrong(f"nothing makes a program {name}")
        elif name == "man" and len(words) == 1 and not apart:
            self.check_path(f"data/man/{words[0]}.1")
        else:
            return self.check_unknown(name, words, apart)
        return True

    def is_leat(self, name):
        # leat-load and others are programs of the tests.
        return name == "leat" or (self.root / "data" / "man" / f"{name}.1").exists()

    @staticmethod
    def is_ours(name):
        parts = name.removeprefix("./").split("/")
        return name in ("./run", "./check") or (
            len(parts) > 1 and parts[0] in FOLDERS and re.fullmatch(r"[\w./*-]+", name)
        )

    def is_script(self, path):
        file = self.root / (path or "")
        return file.is_file() and os.access(file, os.X_OK)

    @staticmethod
    def is_file(name):
        return FILE.fullmatch(name) and not name.startswith(("/", "~"))

    @staticmethod
    def check_unknown(name, words, apart):
        typed = any(re.match(r"--?[A-Za-z]", word) for word in words)
        if not apart and (typed or (words and OTHERS.fullmatch(name))):
            raise Wrong("what is this? It is in no class of check_pages.py")
        return False

    def check_fragment(self, name, words):
        """An option by itself: of ours, of a program of the tests, of meson."""
        option = name.partition("=")[0]
        if option.startswith("-D"):
            self.check_option(name[2:])
        elif option not in self.build.options_of_leat():
            if option in self.build.options_of_meson("test"):
                return True
            if not self.in_tests(option):
                raise Wrong(f"no program has an option {option}")
        return True

    @functools.lru_cache(maxsize=None)
    def in_tests(self, option):
        return any(
            f'"{option}"' in (self.root / path).read_text()
            for path in self.paths
            if path.startswith("tests/") and path.endswith((".c", "mutate"))
        )


def split(text):
    """Words of each command of a line; redirections are left out."""
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        lexer.commenters = ""
        words = list(lexer)
    except ValueError:
        return []
    commands = [[]]
    skip = False
    for word in words:
        if re.fullmatch(r"[|&;]+", word):
            commands.append([])
        elif re.fullmatch(r"[<>&]+", word):
            skip = True
        elif not skip:
            commands[-1].append(word)
        else:
            skip = False
    return [command for command in commands if command]


def without_folder(words):
    """-C and its folder, which each has of its own."""
    words = list(words)
    while "-C" in words:
        at = words.index("-C")
        del words[at : at + 2]
    return words
