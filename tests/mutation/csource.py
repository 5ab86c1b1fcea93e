# SPDX-License-Identifier: MIT
"""C sources as tokens, and as much of their structure as a mutator needs.

No compiler is asked: what is read is the text that clang-format has laid out,
so a binary operator has a space on both sides and a pointer has none.
"""

import dataclasses
import re

TOKEN = re.compile(
    r"""(?P<space>[ \t\n\f]+|\\\n)
      | (?P<comment>/\*.*?\*/|//[^\n]*)
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<char>'(?:\\.|[^'\\\n])+')
      | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<op>\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|[<>=!+\-*/%&|^]=|&&|\|\||\#\#
           |[-+*/%&|^~!<>=?:;,.(){}\[\]\#\\@$])""",
    re.X | re.S)

DIRECTIVE = re.compile(r"[ \t]*\#(?:[^\\\n]|\\.|\\\n)*", re.S)
DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+")

# Conditions that do not hold where the mutants run.
NOT_HERE = {"_WIN32"}

OPEN = {"(": ")", "[": "]", "{": "}"}
NO_FUNCTION = {"if", "for", "while", "switch", "sizeof", "__attribute__"}
# What is said of the sources, or of our own mistakes, is no behaviour.
CLAIMS = {"assert", "_Static_assert", "__has_feature", "defined"}


@dataclasses.dataclass
class Token:
    kind: str
    text: str
    start: int
    end: int
    space_after: bool = False
    function: str = ""  # "" outside of any
    claim: bool = False  # inside an assertion
    match: int = -1  # the other bracket
    inside: int = -1  # the bracket around it


class Source:
    """The tokens of a file that may be mutated, in order."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.tokens = []
        self.macros = {}  # index of a body's first token: index after it
        self._scan()
        self._match()
        self._name_functions()

    # ---- tokens ----

    def _scan(self):
        """Leave out what is a comment, a directive, or not compiled here."""
        pos, line_start, active = 0, True, []
        while pos < len(self.text):
            if line_start:
                found = DIRECTIVE.match(self.text, pos)
                if found and found.group().strip():
                    self._directive(found, active)
                    pos = found.end()
                    line_start = False
                    continue
            found = TOKEN.match(self.text, pos)
            if not found:
                raise SyntaxError(f"{self.path}: at byte {pos}")
            if found.lastgroup == "space":
                if self.tokens:
                    self.tokens[-1].space_after |= \
                        self.tokens[-1].end == found.start()
                line_start = line_start or "\n" in found.group()
            elif found.lastgroup != "comment":
                line_start = False
                if all(here for here, _ in active):
                    self._add(found, 0)
            pos = found.end()

    def _add(self, found, offset):
        self.tokens.append(
            Token(found.lastgroup, found.group(), found.start() + offset,
                  found.end() + offset))

    def _directive(self, found, active):
        words = found.group().strip().lstrip("#").split()
        if not words:
            return
        if words[0] in ("if", "ifdef", "ifndef"):
            known = len(words) == 2 and words[1] in NOT_HERE
            active.append((not known or words[0] == "ifndef", known))
        elif words[0] in ("elif", "else"):
            # Where a condition is not known, both branches are mutated.
            compiled, known = active.pop()
            active.append((not compiled if known else True, known))
        elif words[0] == "endif":
            active.pop()
        elif words[0] == "define" and all(here for here, _ in active):
            self._define(found)

    def _define(self, found):
        """The body of a macro without arguments is an expression."""
        head = DEFINE.match(found.group())
        if not head or self.path.endswith(".h"):
            return
        first = len(self.tokens)
        base = found.start() + head.end()
        for token in TOKEN.finditer(found.group()[head.end():]):
            if token.lastgroup == "space":
                if len(self.tokens) > first:
                    self.tokens[-1].space_after = True
            elif token.lastgroup != "comment":
                self._add(token, base)
                self.tokens[-1].function = head.group(1)
        self.macros[first] = len(self.tokens)

    # ---- structure ----

    def _match(self):
        stack = []
        for i, token in enumerate(self.tokens):
            token.inside = stack[-1] if stack else -1
            if token.kind != "op":
                continue
            if token.text in OPEN:
                stack.append(i)
            elif token.text in ")]}" and stack:
                # A branch that was left out may leave one unmatched.
                j = stack.pop()
                token.match, self.tokens[j].match = j, i

    def _name_functions(self):
        i, name, depth = 0, "", 0
        while i < len(self.tokens):
            token = self.tokens[i]
            if i in self.macros:
                i = self.macros[i]
                continue
            if token.text == "(" and depth == 0 and not name and i > 0 and \
                    self.tokens[i - 1].kind == "name" and \
                    self.tokens[i - 1].text not in NO_FUNCTION:
                name = self.tokens[i - 1].text
                i = token.match
            elif token.text == "{" and token.match > i:
                before = self.tokens[i - 1].text
                inside = name if before in (")", "LEAT_RT") else "-"
                for j in range(i, token.match + 1):
                    self.tokens[j].function = inside
                i = token.match
                if inside != "-":
                    name = ""
            elif token.text == ";":
                name = ""
            i += 1
        for i, token in enumerate(self.tokens):
            if token.text in CLAIMS and i + 1 < len(self.tokens):
                for j in range(i, self.tokens[i + 1].match + 1):
                    self.tokens[j].claim = True

    def has_code(self):
        return any(t.function not in ("", "-") for t in self.tokens)

    # ---- statements ----

    def is_head(self, i):
        """Whether ) at i ends what follows if, for, while or switch."""
        match = self.tokens[i].match
        return self.tokens[i].text == ")" and match > 0 and \
            self.tokens[match - 1].text in ("if", "for", "while", "switch")

    def is_block(self, i):
        """Whether { at i begins statements, and no values."""
        before = self.tokens[i - 1] if i > 0 else None
        return before is not None and (
            before.text in (";", "{", "}", "else", "do", ":", "LEAT_RT") or
            self.is_head(i - 1) or
            before.text == ")" and before.function != self.tokens[i].function)

    def in_parentheses(self, i):
        inside = self.tokens[i].inside
        return inside >= 0 and self.tokens[inside].text in "(["

    def begins_statement(self, i):
        if i == 0 or i in self.macros:
            return True
        before = self.tokens[i - 1]
        return before.text in (";", "}", "else", "do") or \
            before.text == "{" and self.is_block(i - 1) or \
            before.function != self.tokens[i].function or \
            before.text == ":" and self._after_label(i - 1) or \
            self.is_head(i - 1)

    def _after_label(self, i):
        j = i - 1
        while j > 0 and self.tokens[j].text not in (";", "{", "}", "?"):
            if self.tokens[j].text in ("case", "default"):
                return True
            j -= 1
        return j == i - 2 and self.tokens[j].text != "?"

    def end_of_statement(self, i):
        """The ; that ends the statement from i on, or -1."""
        while i < len(self.tokens):
            token = self.tokens[i]
            if token.text == ";":
                return i
            if token.text in "}{" or token.match == -1 and token.text in OPEN:
                return -1
            i = token.match + 1 if token.text in OPEN else i + 1
        return -1

    def around(self, start, end):
        """The statement around a change, as a range of the text."""
        inside = [i for i, t in enumerate(self.tokens)
                  if t.start < end and t.end > start]
        first, last = inside[0], inside[-1]
        while not self.begins_statement(first):
            first -= 1
            if self.tokens[first].text in ")]" and \
                    self.tokens[first].match >= 0:
                first = self.tokens[first].match
        # Up to the ; or the bracket that ends it, but not into a body.
        while last + 1 < len(self.tokens) and \
                self.tokens[last].text not in (";", "}") and \
                self.tokens[last + 1].text not in "{}" and \
                not self.is_head(last) and \
                self.tokens[last + 1].function == self.tokens[last].function:
            last += 1
        return self.tokens[first].start, self.tokens[last].end
