#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_table.py SOURCE_ROOT FOLDER...: whether the completions know every option
that the programs in the folders tell of with --help, whether it takes a value,
what the value may be, and every verb; and nothing else. Whether each program has a
manual that has all of its options.
"""

import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True


def help_of(command):
    env = dict(os.environ, ARGP_HELP_FMT="rmargin=200")
    done = subprocess.run(
        command + ["--help"], capture_output=True, text=True, timeout=20, env=env
    )
    return done.stdout


def options_of_help(text):
    """{(names): (value, what is said)} of what argp prints."""
    found = {}
    names = None
    for line in text.splitlines():
        match = re.match(r"\s{2,6}((?:-\S, )?--[\w-]+)(\[?=\S+)? *(.*)", line)
        if match:
            names = tuple(match[1].split(", "))
            found[names] = [match[2] or "", match[3]]
        elif names and line.startswith(" " * 10):
            found[names][1] += " " + line.strip()
        else:
            names = None
    return found


def verbs_of_help(text):
    return re.findall(r"^  ([a-z]+)  ", text.split("Verbs:")[1], re.M)


def check_value(value, told):
    """What is wrong with the value of the table, by the help."""
    form, text = told
    if (value == "-") != (form == ""):
        return "takes a value or does not"
    if value.endswith("?") != form.startswith("["):
        return "may go without its value or may not"
    if "|" in value:
        lost = [word for word in value.rstrip("?").split("|") if word not in form + text]
        return f"does not say {lost}" if lost else None
    return None


def check_command(command, told):
    wrong = []
    known = {tuple(names): value for names, value, _ in command.all_options()}
    for names in sorted(known.keys() ^ told.keys()):
        where = "--help" if names in known else "the table"
        wrong.append(f"{command.name}: {' '.join(names)} is not in {where}")
    for names in known.keys() & told.keys():
        fault = check_value(known[names], told[names])
        if fault:
            wrong.append(f"{command.name}: {' '.join(names)} {fault}")
    return wrong


def check_manual(root, command):
    page = root / "data" / "man" / f"leat-{command.name.split()[1]}.1"
    if not page.exists():
        return [f"{command.name}: {page} is missing"]
    told = set(re.findall(r"\bFl -([\w-]+)", page.read_text().replace("\\-", "-")))
    return [
        f"{command.name}: {names[-1]} is not in {page}"
        for names, _, _ in command.options
        if names[-1][2:] not in told
    ]


def main():
    root = pathlib.Path(sys.argv[1])
    sys.path.insert(0, str(root / "data" / "completions"))
    from generate import parse

    table = root / "data" / "completions" / "options"
    commands = {c.name: c for c in parse(table.read_text())}
    seen, wrong, n_options = set(), [], 0
    programs = sorted(
        path
        for folder in sys.argv[2:]
        for path in pathlib.Path(folder).glob("leat-*")
        if path.is_file() and not path.suffix and os.access(path, os.X_OK)
    )
    for program in programs:
        name = program.name.replace("-", " ", 1)
        text = help_of([str(program)])
        helps = {name: text}
        if "Verbs:" in text:
            helps = {
                f"{name} {verb}": help_of([str(program), verb])
                for verb in verbs_of_help(text)
            }
        for name, text in helps.items():
            seen.add(name)
            if name not in commands:
                wrong.append(f"{name}: the table does not have it")
                continue
            told = options_of_help(text)
            n_options += len(told)
            wrong += check_command(commands[name], told)
    wrong += [f"{name}: there is no such verb" for name in commands.keys() - seen]
    for command in commands.values():
        wrong += check_manual(root, command)
    if wrong:
        print(f"{table} and the programs' --help differ:")
        print("\n".join(wrong))
        return 1
    print(f"{len(seen)} commands, {n_options} options: completions and manuals have them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
