#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pages.py MADE-REPORT: the pages of leat xrun, as parsers see them.

Each page must be well-formed to a parser that forgives nothing (as XML) and
mean the same to one that forgives all (as HTML): the same elements, and names
from outside only ever in text. It may refer to nothing outside of it.
"""

import html.parser
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

# Made of ordinary experiments, and what an hour with a fault in every cycle
# may come to.
BYTES_MOST = {"huge": 2_000_000, "matrix": 1_200_000, None: 400_000}
ELEMENTS = set(
    "bdi body circle code dd details div dl dt figcaption figure footer h1 h2 "
    "h3 head header html li line main meta p path pre rect section small span "
    "strong style summary svg table tbody td text th thead time title tr "
    "ul".split()
)
ATTRIBUTES = set(
    "aria-hidden aria-label aria-labelledby charset class colspan content cx cy "
    "d dx dy height http-equiv id lang name open preserveAspectRatio r role "
    "scope stroke-dasharray stroke-width tabindex text-anchor viewBox width x "
    "x1 x2 y y1 y2".split()
)


class Forgiving(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.elements = []
        self.text = []

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)

    def handle_data(self, data):
        self.text.append(data)


def figures(root):
    """Places and sizes in pictures, which must be numbers."""
    for element in root.iter():
        for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "d",
                     "width", "height"):
            value = element.get(name)
            if value is not None and element.tag != "svg":
                yield value


def problems(path):
    text = path.read_text(encoding="utf-8")
    root = xml.etree.ElementTree.fromstring(text.split("\n", 1)[1])
    forgiving = Forgiving()
    forgiving.feed(text)
    strict = [element.tag for element in root.iter()]
    if [e.lower() for e in strict] != forgiving.elements:
        yield "strict and forgiving parsers see different elements"
    if set(strict) - ELEMENTS:
        yield f"elements: {set(strict) - ELEMENTS}"
    attributes = {name for element in root.iter() for name in element.keys()}
    if attributes - ATTRIBUTES:
        yield f"attributes: {attributes - ATTRIBUTES}"
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    if len(ids) != len(set(ids)):
        yield "an id is there twice"
    for element in root.iter():
        name = element.get("aria-labelledby")
        if name and name not in ids:
            yield f"nothing has the id {name}"
        if element.get("class") == "plot" and not element.get("aria-label"):
            yield "a picture has no words"
    for value in figures(root):
        if not re.fullmatch(r"[-\d.%eMLem ]*", value):
            yield f"not a figure: {value[:80]}"
    style = root.find("head/style").text
    for bad in ("url(", "@import", "http:", "https:", "//"):
        if bad in style:
            yield f"the style sheet has {bad}"
    policies = [m.get("content") for m in root.iter("meta")
                if m.get("http-equiv") == "Content-Security-Policy"]
    if len(policies) != 1 or "default-src 'none'" not in policies[0]:
        yield "nothing forbids what is not foreseen"
    if not root.find("head/title").text.strip():
        yield "there is no title"
    if root.find("body/main/section/h2") is None:
        yield "there is no verdict"
    n_bytes = len(text.encode())
    most = BYTES_MOST.get(path.stem, BYTES_MOST[None])
    if n_bytes > most:
        yield f"{n_bytes} bytes are more than {most}"
    if path.stem == "hostile":
        body = "".join(root.find("body").itertext())
        if body.count("<script>alert('x')</script>") < 15:
            yield "the hostile names are not shown as they are"
        if "\u202e" in text or "\x1b" in text:
            yield "what turns text or obeys a terminal was let through"


def main():
    n_wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        pages = sorted(pathlib.Path(folder).iterdir())
        for page in pages:
            found = list(problems(page))
            print(f"{page.stem}: {page.stat().st_size} bytes, "
                  f"{len(found)} wrong")
            for problem in found[:10]:
                print("    " + problem)
            n_wrong += len(found)
    sys.exit(1 if n_wrong or len(pages) < 10 else 0)


main()
