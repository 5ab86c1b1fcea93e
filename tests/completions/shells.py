#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""shells.py bash|zsh SOURCE_ROOT BUILD_ROOT PREFIX LIBDIR

Presses Tab in a real interactive shell, with the completions where `meson
install` puts them: all options of all commands, values, verbs, and the names of
links that run. Status 77 where the shell is missing.
"""

import fcntl
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.dont_write_bytecode = True

PATIENCE_S = 20
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
SETUP = {
    "bash": """
bind 'set show-all-if-ambiguous on'
bind 'set page-completions off'
bind 'set completion-query-items 0'
bind 'set enable-bracketed-paste off'
PS1='$ '
. %(bash_completion)s
""",
    "zsh": """
fpath=(%(share)s/zsh/site-functions $fpath)
autoload -Uz compinit
compinit -u -D
bindkey -e
LISTMAX=10000
PS1='$ '
setopt LIST_ROWS_FIRST NO_AUTO_MENU NO_MENU_COMPLETE NO_BEEP
""",
}
COMMANDS = {"bash": ["bash", "--norc", "-i"], "zsh": ["zsh", "-f", "-i"]}


def fail(text):
    raise SystemExit(f"failed: {text}")


class Shell:
    def __init__(self, name, environment, setup):
        self.n_marks = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(name, COMMANDS[name], environment)
        # All of a list on the screen at once.
        size = struct.pack("HHHH", 400, 160, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)
        path = pathlib.Path(environment["HOME"]) / "setup"
        path.write_text(setup)
        self.send(f". {path}\r")
        self.mark()

    def send(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, done, what):
        """What was printed, without the terminal's controls."""
        raw, end = b"", time.monotonic() + PATIENCE_S
        while True:
            text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|[\r\x07]", "",
                          raw.decode(errors="replace"))
            if done(text):
                return text
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                fail(f"{what}; this came:\n{text}")
            raw += os.read(self.fd, 65536)

    def mark(self):
        """Empty the line, and wait until all before has been done."""
        self.n_marks += 1
        self.send(f"\x05\x15echo mark''{self.n_marks}.\r")
        mark = f"mark{self.n_marks}."
        return self.read_until(lambda text: mark in text, f"no {mark}")

    def tab(self, line, expected):
        """Tab after the line shows each of what is expected, as a word."""

        def missing(text):
            # What the terminal echoes is no answer.
            words = re.split(r"\s+", text.replace(line.rstrip(), " "))
            return [word for word in expected if word not in words]

        self.send(line + "\t")
        self.read_until(
            lambda text: line in text and not missing(text),
            f"Tab after '{line}' does not show all of {' '.join(expected)}",
        )
        self.mark()

    def becomes(self, line, whole):
        """Tab completes the line itself."""
        self.send(line + "\t")
        self.read_until(
            lambda text: whole in text.replace("\n", ""),
            f"'{line}' does not become '{whole}'",
        )
        self.mark()

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def start_links(build, environment, names):
    """Processes that host links by these names."""
    program = build / "doc" / "examples" / "example_producer"
    return [
        subprocess.Popen([program, name], env=environment, stdout=subprocess.DEVNULL)
        for name in names
    ]


def check_options(shell, commands):
    n = 0
    for command in commands:
        expected = [names[-1] for names, _, _ in command.all_options()]
        shell.tab(f"{command.name} --", expected)
        shell.tab(f"{command.name.replace(' ', '-', 1)} --", expected)
        n += len(expected)
    return n


def check_values(shell, commands):
    for command in commands:
        for names, value, _ in command.options:
            if "|" in value:
                words = value.rstrip("?").split("|")
                shell.tab(f"{command.name} {names[-1]}=", words)
                if not value.endswith("?"):
                    shell.tab(f"{command.name} {names[-1]} ", words)


def check_verbs(shell, verbs):
    shell.tab("leat ", verbs["leat"] + ["help"])
    shell.tab("leat help ", verbs["leat"])
    shell.tab("leat tap ", verbs["leat tap"])
    shell.tab("leat-tap ", verbs["leat tap"])


def check_places(shell, home):
    (home / "Voice.wav").touch()
    shell.send(f"cd {home}\r")
    shell.mark()
    shell.becomes("leat verify --play Voi", "leat verify --play Voice.wav")
    shell.becomes("leat-tap record Voi", "leat-tap record Voice.wav")
    shell.becomes("leat up --mode fol", "leat up --mode follow")
    shell.becomes("leat up --mode=ad", "leat up --mode=adaptive")
    shell.becomes("leat up --map FL,FR,LF", "leat up --map FL,FR,LFE")
    shell.becomes("leat up --connect phy", "leat up --connect physical")


def check_links(shell):
    for line in ("leat status ", "leat top ", "leat status alpha ", "leat-up ",
                 "leat verify -t 3 ", "leat tap meter --json ",
                 "leat-tap record take.wav ", "leat jack --sync-wait=5 "):
        shell.tab(line, ["alpha", "beta.2"])
        shell.becomes(line + "be", line + "beta.2")


def main():
    name, source, build, prefix, libdir = sys.argv[1:]
    source, build = pathlib.Path(source), pathlib.Path(build)
    sys.path.insert(0, str(source / "data" / "completions"))
    from generate import parse, verbs_of

    needed = [name, "sed"]
    for program in needed:
        if not shutil.which(program):
            print(f"skipped: {program} is not here")
            return 77
    if name == "bash" and not pathlib.Path(BASH_COMPLETION).exists():
        print("skipped: bash-completion is not here")
        return 77
    commands = parse((source / "data" / "completions" / "options").read_text())
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder) / "home"
        home.mkdir(mode=0o700)
        root = pathlib.Path(folder) / "root"
        subprocess.run(
            ["meson", "install", "-C", build, "--no-rebuild", "--destdir", root],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        top = root / prefix.lstrip("/")
        environment = {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "LD_LIBRARY_PATH": str(top / libdir),
            "PATH": f"{top / 'bin'}:/usr/bin:/bin",
            "TERM": "xterm",
            "XDG_DATA_DIRS": f"{top / 'share'}:/usr/share",
            "XDG_RUNTIME_DIR": str(home),
        }
        setup = SETUP[name] % {
            "bash_completion": BASH_COMPLETION,
            "share": top / "share",
        }
        links = start_links(build, environment, ["alpha", "beta.2"])
        shell = Shell(name, environment, setup)
        try:
            n = check_options(shell, commands)
            check_values(shell, commands)
            check_verbs(shell, verbs_of(commands))
            check_places(shell, home)
            check_links(shell)
        finally:
            shell.end()
            for link in links:
                link.kill()
                link.wait()
    print(f"{name}: {n} options of {len(commands)} commands, each behind both its names")
    return 0


if __name__ == "__main__":
    sys.exit(main())
