# SPDX-License-Identifier: MIT
"""What may go wrong in a program, one small change of its text at a time.

The classes order, barrier and check are those of which none may survive:
what they change is what a hostile peer or another core could make use of.
"""

import collections
import dataclasses
import hashlib
import re

from csource import OPEN

COMPARISONS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
    "==": ("!=",), "!=": ("==",),
}
ARITHMETIC = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "+=": "-=", "-=": "+=",
    "%=": "+=", "*=": "+=", "&": "|", "<<": ">>", ">>": "<<",
    "++": "--", "--": "++",
}
# Each is another function of atomics.h that asks for less.
WEAKER_CALLS = {
    "leat_word_load": "leat_word_peek",
    "leat_word_store": "leat_word_set",
    "leat_word_publish": "leat_word_store",
    "leat_word_load_after_publish": "leat_word_peek",
}
WEAKER_ORDERS = {
    "__ATOMIC_ACQUIRE": ("__ATOMIC_RELAXED",),
    "__ATOMIC_RELEASE": ("__ATOMIC_RELAXED",),
}
# What is less than sequentially consistent depends on the operation.
WEAKER_THAN_ALL = {
    "__atomic_load_n": "__ATOMIC_ACQUIRE",
    "__atomic_store_n": "__ATOMIC_RELEASE",
}
BARRIERS = {
    "leat_loads_before_loads", "leat_stores_before_stores",
    "__atomic_thread_fence",
}
KEYWORDS = {
    "return", "break", "continue", "goto", "case", "default", "if", "for",
    "while", "do", "else", "switch", "struct", "union", "enum", "const",
    "static", "volatile", "extern", "typedef", "inline", "sizeof", "char",
    "int", "long", "short", "signed", "unsigned", "float", "double", "void",
    "bool", "register",
}
# What ends an operand of ||, of && and of | at its own level.
ENDS_OR = {"||", "?", ":", ",", ";", "=", "return", "|=", "&="}
ENDS_AND = ENDS_OR | {"&&"}
ENDS_BITS = ENDS_AND | {"|", "<", ">", "==", "!=", "<=", ">="}

STRICT = ("order", "barrier", "check")


@dataclasses.dataclass
class Mutant:
    path: str
    function: str
    kind: str
    start: int
    end: int
    new: str
    change: str = ""  # the statement with what was there and what is
    id: str = ""

    def apply(self, text):
        return text[:self.start] + self.new + text[self.end:]

    @property
    def strict(self):
        return self.kind in STRICT


class Mutator:
    """All mutants of one source, in the order of its text."""

    def __init__(self, source):
        self.source = source
        self.tokens = source.tokens
        self.found = []

    def mutants(self):
        for i, token in enumerate(self.tokens):
            if token.claim or token.function == "":
                continue
            self._token(i, token)
            if token.function != "-" and i not in self.source.macros and \
                    not self.source.in_parentheses(i) and \
                    self.source.begins_statement(i):
                self._statement(i)
        return self._finished()

    # ---- one token ----

    def _token(self, i, token):
        if token.kind == "number":
            self._number(i, token)
        elif token.kind == "name":
            self._order(i, token)
        elif token.kind == "op":
            self._operator(i, token)

    def _number(self, i, token):
        # A bit-field, a float and a width in a cast macro are none of these.
        if not re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)[uUlL]*", token.text):
            return
        for sign in "+-":
            # Room for more than is used, or a number that is as negative as
            # the other, is no mistake.
            if sign == "+" and (
                    self._text(i - 1) == "[" and self._text(i + 1) == "]" and
                    self._is_declared(i) or self._text(i - 2) == "calloc" or
                    self._text(i - 1) == "-" and
                    not self._is_binary(i - 1)):
                continue
            if not self._compares_so(i, sign):
                self._replace("constant", i, i, f"({token.text} {sign} 1)")

    def _is_declared(self, i):
        while not self.source.begins_statement(i):
            i -= 1
        return not self._is_expression(i) and \
            self._text(i) not in ("return", "if", "for", "while", "case")

    def _compares_so(self, i, sign):
        """Whether another comparison, or none, comes to the same."""
        before = self._text(i - 1)
        return (before, sign) in (("<", "+"), (">", "-"), ("<=", "-"),
                                  (">=", "+"), ("<", "-"), (">=", "-")) and \
            (sign == "+" or before in (">", "<=") or self._text(i) == "0")

    def _order(self, i, token):
        if token.text in WEAKER_CALLS and self._text(i + 1) == "(":
            self._replace("order", i, i, WEAKER_CALLS[token.text])
        for weaker in WEAKER_ORDERS.get(token.text, ()):
            self._replace("order", i, i, weaker)
        if token.text == "__ATOMIC_SEQ_CST":
            call = i
            while self._text(call) != "(" or \
                    not self._text(call - 1).startswith("__atomic"):
                call -= 1
            self._replace("order", i, i, WEAKER_THAN_ALL.get(
                self._text(call - 1), "__ATOMIC_ACQ_REL"))

    def _operator(self, i, token):
        text = token.text
        binary = self._is_binary(i)
        if text in COMPARISONS and binary:
            for other in COMPARISONS[text]:
                self._replace("compare", i, i, other)
        elif text in ARITHMETIC and (binary or text in ("++", "--")):
            self._replace("arithmetic", i, i, ARITHMETIC[text])
        elif text in ("!", "~") and not token.space_after:
            self._replace("check" if text == "!" else "arithmetic", i, i, "")
        if text in ("&&", "||"):
            self._drop_operand(i, ENDS_AND if text == "&&" else ENDS_OR)
        elif text == "|" and binary:
            self._drop_operand(i, ENDS_BITS)

    def _is_binary(self, i):
        token = self.tokens[i]
        return token.kind == "op" and token.space_after and i > 0 and \
            token.text not in ("++", "--") and \
            (self.tokens[i - 1].kind in ("name", "number", "string", "char") or
             self._text(i - 1) in (")", "]", "++", "--"))

    def _drop_operand(self, i, ends):
        left, right = i, i
        while left > 0 and not self._ends(left - 1, ends, OPEN) and \
                not left in self.source.macros:
            left -= 1
            if self.tokens[left].text in ")]}":
                left = self.tokens[left].match
        while right + 1 < len(self.tokens) and \
                not self._ends(right + 1, ends, ")]}") and \
                self.tokens[right + 1].function == self.tokens[i].function:
            right += 1
            if self.tokens[right].text in OPEN:
                right = self.tokens[right].match
        self._replace("check", left, i, "")
        self._replace("check", i, right, "")

    def _ends(self, i, ends, brackets):
        text = self._text(i)
        return text in ends or text in brackets

    # ---- one statement ----

    def _statement(self, i):
        token = self.tokens[i]
        if token.text in ("if", "while", "for"):
            self._condition(i)
            return
        end = self.source.end_of_statement(i)
        if end < 0:
            return
        if token.text == "return":
            if end > i + 1:
                self._off_by_one(i + 1, end)
            elif self._text(i - 1) != ")" and self._text(i - 1) != "else":
                self._replace("statement", i, end, ";")
        elif token.text in ("break", "continue", "goto"):
            self._replace("statement", i, end, ";")
        elif self._is_expression(i):
            self._replace("barrier" if token.text in BARRIERS else "statement",
                          i, end, ";")
            self._assignment(i, end)
        elif token.text not in KEYWORDS - {"const", "int", "bool", "unsigned",
                                           "struct", "static", "char"}:
            self._assignment(i, end)

    def _is_expression(self, i):
        token, after = self.tokens[i], self._text(i + 1)
        if token.text in ("*", "++", "--"):
            return True
        if token.text == "(":
            return True
        return token.kind == "name" and token.text not in KEYWORDS and \
            after in ("(", "=", "->", ".", "[", "++", "--", "+=", "-=", "|=",
                      "&=", "*=", "/=", "%=", "^=", "<<=", ">>=")

    def _condition(self, i):
        """An if that is never true, and any condition that says no for yes."""
        first, last = i + 2, self.tokens[i + 1].match - 1
        if self._text(i) == "if":
            self._replace("check", first, last, "0")
        if self._text(i) == "for":
            semicolons = self._at_level(first, last, {";"})
            if len(semicolons) != 2 or semicolons[1] == semicolons[0] + 1:
                return
            first, last = semicolons[0] + 1, semicolons[1] - 1
        # A comparison alone is turned round elsewhere.
        level = self._at_level(first, last, set(COMPARISONS))
        if len(level) == 1 and not self._at_level(first, last, {"&&", "||"}):
            return
        if self._text(first) == "!" and first + 1 == last:
            return
        text = self._between(first, last)
        self._replace("check", first, last, f"!({text})")

    def _assignment(self, i, end):
        for j in self._at_level(i, end, {"="})[:1]:
            comma = self._at_level(j, end, {",", "="})
            if len(comma) == 1 and self._text(j + 1) != "{":
                self._off_by_one(j + 1, end)

    def _off_by_one(self, first, end):
        """An errno is another one, and a sum is one more."""
        text = self._between(first, end - 1)
        if re.fullmatch(r"-(E[A-Z]+|errno)", text):
            self._replace("constant", first, end - 1, f"({text} + 1)")
        elif any(self._is_binary(i) and self._text(i) in "+-*/%"
                 for i in range(first, end)) and "?" not in text:
            self._replace("arithmetic", first, end - 1, f"({text}) + 1")

    # ---- ----

    def _text(self, i):
        return self.tokens[i].text if 0 <= i < len(self.tokens) else ""

    def _at_level(self, first, last, texts):
        found, i = [], first
        while i <= last:
            if self._text(i) in texts:
                found.append(i)
            i = self.tokens[i].match + 1 if self._text(i) in OPEN and \
                self.tokens[i].match > i else i + 1
        return found

    def _between(self, first, last):
        return self.source.text[self.tokens[first].start:self.tokens[last].end]

    def _replace(self, kind, first, last, new):
        start, end = self.tokens[first].start, self.tokens[last].end
        # The lines below keep their numbers: assertions know them.
        missing = self.source.text[start:end].count("\n") - new.count("\n")
        self.found.append(
            Mutant(self.source.path, self.tokens[first].function, kind, start,
                   end, new + "\n" * max(missing, 0)))

    def _finished(self):
        """Without doubles, each with its change in words and its name."""
        unique, n_same = {}, collections.Counter()
        for mutant in self.found:
            text = mutant.apply(self.source.text)
            key = " ".join(text.split())
            if key not in unique:
                unique[key] = mutant
        for mutant in unique.values():
            mutant.change = self._describe(mutant)
            same = (mutant.function, mutant.change)
            n_same[same] += 1
            if n_same[same] > 1:
                mutant.change += f" #{n_same[same]}"
            mutant.id = hashlib.sha1("|".join(
                (mutant.path, mutant.function, mutant.change)
            ).encode()).hexdigest()[:8]
        return sorted(unique.values(), key=lambda m: (m.start, m.end, m.new))

    def _describe(self, mutant):
        """The statement, with {old => new} in it."""
        text = self.source.text
        start, end = self.source.around(mutant.start, mutant.end)
        old = text[mutant.start:mutant.end]
        said = f"{text[start:mutant.start]}{{{old} => {mutant.new.rstrip()}}}" \
               f"{text[mutant.end:max(end, mutant.end)]}"
        said = re.sub(r"/\*.*?\*/", " ", said, flags=re.S)
        return " ".join(said.split())


def mutants_of(source):
    return Mutator(source).mutants()
