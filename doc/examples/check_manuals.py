#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_manuals.py SOURCE_ROOT: whether the manuals of the library are true to
its headers and to the examples: each public function is in the SYNOPSIS as the
header declares it, and each piece of an example is in the file named above it.
"""

import pathlib
import re
import sys


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def prototypes_of_header(text):
    """{name: (result, arguments)} of the public functions."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"static inline ([^;{]*);", r"LEAT_API \1;", text)
    text = re.sub(r"static inline (.*?)\n\{", r"LEAT_API \1;", text, flags=re.S)
    found = {}
    for match in re.finditer(r"LEAT_API\s([^;]*);", text):
        declaration = re.sub(r"__attribute__\(\(.*?\)\)\)", "", match.group(1))
        declaration = re.sub(r"LEAT_(RT|MUST_CHECK)\s", "", declaration)
        result, name, arguments = re.fullmatch(
            r"(.*?)(\w+)\((.*)\)", squeeze(declaration)
        ).groups()
        found[name] = (result.strip(), arguments.strip())
    return found


def prototypes_of_manual(text):
    found = {}
    for result, name, arguments in re.findall(
        r'^\.Ft "?(.*?)"?\n\.Fo (\w+)\n((?:\.Fa .*\n)*)\.Fc', text, re.M
    ):
        arguments = re.findall(r'^\.Fa "(.*)"', arguments, re.M)
        found[name] = (result, ", ".join(arguments))
    return found


def examples_of_manual(text):
    """(file, lines) of each piece of code behind a file's name."""
    text = text[text.index(".Sh EXAMPLES") :]
    path = None
    for match in re.finditer(
        r"^\.Pa (doc/examples/\S+)|^\.Bd -literal.*\n((?:.*\n)*?)\.Ed", text, re.M
    ):
        if match.group(1):
            path = match.group(1)
        else:
            yield path, match.group(2).replace("\\&", "").replace("\\e", "\\")


def unindented(text):
    return [line.lstrip("\t") for line in text.strip("\n").split("\n")]


def contains(whole, part):
    n = len(part)
    return any(whole[i : i + n] == part for i in range(len(whole) - n + 1))


def check(root, header):
    manual = root / "data" / "man" / f"leat_{header.stem}.3"
    if not manual.exists():
        return [f"{manual} is missing"]
    text = manual.read_text()
    declared = prototypes_of_header(header.read_text())
    told = prototypes_of_manual(text)
    wrong = [
        f"{manual}: {name}() is not as {header.name} has it"
        for name in sorted(declared.keys() | told.keys())
        if declared.get(name) != told.get(name)
    ]
    for path, code in examples_of_manual(text):
        if not contains(unindented((root / path).read_text()), unindented(code)):
            wrong.append(f"{manual}: this is not in {path}:\n{code}")
    return wrong


def main():
    root = pathlib.Path(sys.argv[1])
    wrong = []
    for header in sorted((root / "include" / "leat").glob("*.h")):
        if header.name != "attributes.h":
            wrong += check(root, header)
    print("\n".join(wrong) or "the manuals agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
