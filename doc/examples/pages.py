# SPDX-License-Identifier: MIT
"""What the pages show that somebody may type: blocks, and code within lines."""

import re

PAGES = ("README.md", "CONTRIBUTING.md", "NEWS.md")


class Block:
    """Lines set apart: fenced, with the language told, or indented."""

    def __init__(self, page, number, language=None):
        self.page = page
        self.number = number  # of its first line
        self.language = language  # None: indented
        self.lines = []

    def name(self):
        return f"{self.page}:{self.number}"

    def first(self):
        return next((line for line in self.lines if line.strip()), "").strip()

    def commands(self):
        """(line number, command): whole ones. With `$ ` before some lines, what
        else there is was answered."""
        shell = any(line.startswith("$ ") for line in self.lines)
        found = []
        goes_on = False
        for number, line in enumerate(self.lines, self.number):
            text = without_remark(line)
            if goes_on or (line[:1] in " \t" and text.strip() and not shell):
                if found:
                    found[-1][1] += " " + text.strip()
            elif text.strip() and (not shell or text.startswith("$ ")):
                found.append([number, text.removeprefix("$ ").strip()])
            goes_on = bool(found) and found[-1][1].endswith("\\")
            if goes_on:
                found[-1][1] = found[-1][1][:-1].rstrip()
        return [(number, text) for number, text in found]


def without_remark(line):
    return re.sub(r"(^|\s+)# .*$", "", line)


def pages_of(root):
    for name in PAGES:
        yield name, (root / name).read_text()
    for path in sorted((root / "doc").glob("*.md")):
        yield f"doc/{path.name}", path.read_text()


def blocks_of(page, text):
    blocks = []
    block, may_begin = None, True
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = block is not None and block.language is not None
            block = None if inside else Block(page, number + 1, line.strip()[3:])
            if block:
                blocks.append(block)
            may_begin = False
        elif block and block.language is not None:
            block.lines.append(line)
        elif line.startswith("    ") and (block or may_begin):
            if not block:
                block = Block(page, number)
                blocks.append(block)
            block.lines.append(line[4:])
        elif not line.strip() and block:
            block.lines.append("")
        else:
            block = None
        may_begin = not line.strip() or (may_begin and block is not None)
    return blocks


def spans_of(page, text):
    """(line number, code within text), what is set apart left out."""
    apart = set()
    for block in blocks_of(page, text):
        apart.update(range(block.number - 1, block.number + len(block.lines) + 1)
                     if block.language is not None
                     else range(block.number, block.number + len(block.lines)))
    lines = [
        "" if number in apart else line
        for number, line in enumerate(text.splitlines(), 1)
    ]
    whole = "\n".join(lines)
    # A span may go on in the next line of its paragraph.
    for match in re.finditer(r"(?<!`)`((?:[^`\n]|\n(?!\s*\n))+)`(?!`)", whole):
        number = whole.count("\n", 0, match.start()) + 1
        yield number, " ".join(match[1].split()).replace("\\|", "|")


def without_brackets(command):
    """A synopsis as if all of it was given: [--long | --count N] as both."""
    while True:
        shorter = re.sub(r"\[([^][]*)\]", r"\1", command)
        if shorter == command:
            return re.sub(r" \| (?=-)", " ", command).replace("...", "")
        command = shorter


def manual_blocks(root):
    """What stands in the manuals as it is."""
    for path in sorted((root / "data" / "man").glob("*.[157]")):
        text = path.read_text()
        for match in re.finditer(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed", text, re.M):
            line = text.count("\n", 0, match.start(1)) + 1
            block = Block(f"data/man/{path.name}", line)
            block.lines = match[1].splitlines()
            yield block
