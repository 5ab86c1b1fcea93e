# SPDX-License-Identifier: MIT
"""Pieces of configuration that pages and manuals show: of leat.conf, which leat
itself reads, and of PipeWire's, of which the modules and their arguments are
looked for."""

import re
import subprocess
import tempfile

from built import Wrong


def is_settings(block):
    return bool(re.match(r"[a-z][\w.-]* = ([\[{]|\S+$)", block.first()))


def check_settings(block, build):
    text = "\n".join(block.lines) + "\n"
    if block.first().startswith("context."):
        check_modules(text, build)
    else:
        check_leat_conf(text, build)


def check_leat_conf(text, build):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        done = subprocess.run(
            [build.path_of("leat-config"), "check", file.name],
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise Wrong(done.stderr.replace(file.name, "").strip())


def tokens(text):
    return re.findall(r'"(?:[^"\\]|\\.)*"|[][{}]|[^\s=:,\[\]{}"]+', text)


def read(words, closing=None):
    """A list, or pairs, as PipeWire's relaxed JSON has them."""
    items = []
    while words:
        word = words.pop(0)
        if word == closing:
            return items if closing != "}" else dict(zip(items[::2], items[1::2]))
        if word in "]}":
            raise Wrong(f"'{word}' closes what was not opened")
        if word in "[{":
            items.append(read(words, "]" if word == "[" else "}"))
        else:
            items.append(word.strip('"'))
    if closing:
        raise Wrong(f"a '{closing}' is missing")
    return dict(zip(items[::2], items[1::2]))


def check_modules(text, build):
    manual = build.root / "data" / "man" / "libpipewire-module-leat.7"
    known = set(re.findall(r"^\.It Cm (\S+)", manual.read_text(), re.M))
    for module in read(tokens(text)).get("context.modules", []):
        if module.get("name") != "libpipewire-module-leat":
            raise Wrong(f"what module is that: {module.get('name')}?")
        lost = set(module.get("args", {})) - known
        if lost:
            raise Wrong(f"the manual has no {' '.join(sorted(lost))}")
