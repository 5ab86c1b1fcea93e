#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""generate.py bash|zsh TABLE TEMPLATE OUTPUT: a completion from the table of
options, which says of itself how it is read."""

import pathlib
import re
import sys

POSITIONS = (
    "MONO FL FR FC LFE SL SR FLC FRC RC RL RR TC TFL TFC TFR TRL TRC TRR"
).split() + [f"AUX{n}" for n in range(64)]
COMMON = [
    (["-?", "--help"], "-", "say what there is"),
    (["--usage"], "-", "say it shortly"),
    (["-V", "--version"], "-", "say which version it is"),
]


class Command:
    def __init__(self, name, operands):
        self.name = name
        self.operands = operands
        self.options = []

    def all_options(self):
        return self.options + COMMON


def parse(text):
    """The commands of the table."""
    commands = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        section = re.fullmatch(r"\[(.*)\] *(.*)", line)
        if section:
            commands.append(Command(section[1], section[2].split()))
            continue
        option = re.fullmatch(r"((?:-\w )?--[\w-]+) +(\S+) +(.*)", line)
        if not option:
            raise SystemExit(f"this line of the table is unclear: {line}")
        commands[-1].options.append((option[1].split(), option[2], option[3]))
    return commands


def verbs_of(commands):
    """{"leat": [up, ...], "leat tap": [record, ...]}"""
    verbs = {}
    for command in commands:
        words = command.name.split()
        for n in range(1, len(words)):
            known = verbs.setdefault(" ".join(words[:n]), [])
            if words[n] not in known:
                known.append(words[n])
    return verbs


def programs_of(commands):
    return ["leat"] + [f"leat-{verb}" for verb in verbs_of(commands)["leat"]]


def bash_arm(name, lines):
    body = "\n".join(f"\t\techo '{line}'" for line in lines)
    return f"\t'{name}')\n{body}\n\t\t;;"


def bash_table(commands):
    arms = [
        bash_arm(name, [f"verbs {' '.join(verbs)}"])
        for name, verbs in verbs_of(commands).items()
    ]
    for command in commands:
        lines = [f"operands {' '.join(command.operands)}".rstrip()]
        lines += [
            f"option {' '.join(names)} {value}"
            for names, value, _ in command.all_options()
        ]
        arms.append(bash_arm(command.name, lines))
    return "\n".join(arms)


def zsh_value(value):
    """What follows the text of an option: ':what it is:how it is completed'."""
    if value == "-":
        return ""
    colons = "::" if value.endswith("?") else ":"
    kind = value.rstrip("?")
    if "|" in kind:
        return f"{colons}one of these:({kind.replace('|', ' ')})"
    if kind in ("number", "time", "text"):
        return f"{colons}{kind}: "
    return f"{colons}{kind}:" + ("_files" if kind == "file" else f"_leat_{kind}")


def zsh_option(names, value, text):
    equals = "" if value == "-" else "=-" if value.endswith("?") else "="
    long = names[-1] + equals
    # What may be left out follows a short option at once, too.
    short = [names[0] + ("-" if value.endswith("?") else "")] * (len(names) - 1)
    rest = f"[{text}]{zsh_value(value)}"
    if not short:
        return f"'{long}{rest}'"
    # What may be repeated excludes nothing.
    before = "*" if value == "connect" else f"({' '.join(names)})"
    either = ",".join([short[0].replace("?", "\\?"), long])
    return f"'{before}'{{{either}}}'{rest}'"


def zsh_operand(kind):
    how = "_files" if kind == "file" else f"_leat_{kind.rstrip('.')}"
    return f"'{'*' if kind.endswith('...') else ':'}:{kind.rstrip('.')}:{how}'"


def zsh_table(commands):
    arms = []
    for name, verbs in verbs_of(commands).items():
        if name != "leat":
            arms.append(
                f"\t('{name}') _leat_nested '{name}' "
                f"'1:verb:({' '.join(verbs)})' ;;"
            )
    for command in commands:
        specs = [zsh_option(*option) for option in command.all_options()]
        specs += [zsh_operand(kind) for kind in command.operands]
        body = " \\\n\t\t\t".join(specs)
        arms.append(
            f"\t('{command.name}')\n"
            f"\t\t_arguments -s -S : \\\n\t\t\t{body}\n\t\t;;"
        )
    return "\n".join(arms)


def main():
    shell, table, template, output = sys.argv[1:]
    commands = parse(pathlib.Path(table).read_text())
    text = pathlib.Path(template).read_text()
    tables = {"bash": bash_table, "zsh": zsh_table}
    text = text.replace("@TABLE@", tables[shell](commands))
    text = text.replace("@PROGRAMS@", " ".join(programs_of(commands)))
    text = text.replace("@VERBS@", " ".join(verbs_of(commands)["leat"]))
    text = text.replace("@POSITIONS@", " ".join(POSITIONS))
    pathlib.Path(output).write_text(text)


if __name__ == "__main__":
    main()
