#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run_manuals.py known|run SOURCE_ROOT BUILD_ROOT [TEXT]

The commands and the configuration that the manuals of the programs and the pages
show: known says whether each command of the manuals has an example in examples.py,
run runs them on real servers, in namespaces of their own: those that have TEXT in
them. What would take a day is shortened. Status 77 where something is missing.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from examples import EXAMPLES, UP, Example
from page_settings import is_settings, read, tokens
from pages import blocks_of, manual_blocks, pages_of, spans_of
from place import Place, enter_namespaces, is_missing, make_stereo

SKIPPED = 77  # as the tests say it

# ---- what is shown ----


def plain(line):
    for macro, sign in (("\\(dq", '"'), ("\\&", ""), ("\\-", "-"), ("\\e", "\\")):
        line = line.replace(macro, sign)
    return line


def shown_by_manuals(root):
    """(file, command) of all that somebody may copy."""
    for path in sorted((root / "data" / "man").glob("*.[157]")):
        for line in path.read_text().splitlines():
            if line.startswith(".Dl "):
                yield path.name, plain(line[4:]).removeprefix("$ ").strip()
    for block in manual_blocks(root):
        block.lines = [plain(line) for line in block.lines]
        if any(line.startswith("$ ") for line in block.lines):
            for _, command in block.commands():
                yield block.page, command


def shown_by_pages(root):
    for page, text in pages_of(root):
        for block in blocks_of(page, text):
            for _, command in block.commands():
                yield page, command
        for _, command in spans_of(page, text):
            yield page, command


def check_known(root):
    known = {line for example in EXAMPLES for line in example.lines}
    manuals = list(shown_by_manuals(root))
    wrong = [
        f"{name}: examples.py does not know how to run: {line}"
        for name, line in manuals
        if line not in known
    ]
    # What pages show besides is for check_pages.py.
    found = {line for _, line in manuals + list(shown_by_pages(root))}
    wrong += [f"nothing shows it any more: {line}" for line in sorted(known - found)]
    print("\n".join(wrong) or f"{len(known)} commands, each with a way to run it")
    return 1 if wrong else 0


# ---- configuration ----


def settings_shown(root):
    """An example for each piece of configuration."""
    blocks = list(manual_blocks(root))
    for page, text in pages_of(root):
        blocks += blocks_of(page, text)
    for block in blocks:
        if is_settings(block):
            yield settings_example(block)


def settings_example(block):
    text = "\n".join(plain(line) for line in block.lines)
    put = f"cat >$file <<'END'\n{text}\nEND\n"
    if not block.first().startswith("context."):
        links = read(tokens(text)).get("links", {"main": {}})
        return Example(
            "mkdir -p .config/leat; file=.config/leat/leat.conf\n"
            + put
            + "leat up --no-private",
            name=block.name(),
            on="servers",
            until="leat status --json | jq -e '[.links[] | select("
            f'.state == "running" or .state == "idle")] | length == {len(links)}\'',
        )
    # A daemon that they name is not there: that is waited for.
    links = re.findall(r"link\.name = (\S+)", text)
    waits = " && ".join(f"grep -q 'mod.leat.* {link}: ' log" for link in links)
    return Example(
        "mkdir -p .config/pipewire/pipewire.conf.d\n"
        "file=.config/pipewire/pipewire.conf.d/leat.conf\n"
        + put
        + "restart_pipewire\nsleep inf",
        name=block.name(),
        on="servers",
        until=f"{waits} && ! grep -q 'not loaded' log",
    )


# ---- running ----


def try_example(place, example):
    """What is wrong, or nothing."""
    process = place.start(example.script())
    if example.until:
        works = place.wait_for(example.until, example.patience)
        if process.poll() is not None:
            return f"ended with status {process.returncode}"
        if not works:
            return f"this did not become true: {example.until}"
        return None if place.stop(process) else "does not end when it is told to"
    try:
        status = process.wait(example.patience)
    except subprocess.TimeoutExpired:
        return "does not end"
    if status == SKIPPED:
        return SKIPPED
    return f"ended with status {status}" if status else None


def run_example(example, root, build):
    with tempfile.TemporaryDirectory() as folder:
        place = Place(pathlib.Path(folder), root, build)
        try:
            if example.on != "nothing":
                place.start_servers()
            if example.on == "link":
                place.need("leat up --no-private --quiet", UP)
            make_stereo(place)
            if example.before:
                place.need(example.before, example.ready)
            wrong = try_example(place, example)
            if wrong and wrong != SKIPPED:
                wrong += ":\n" + (place.folder / "log").read_text()[-2000:]
            return wrong
        finally:
            place.end()


def run_all(root, build, pattern):
    examples = EXAMPLES + list(settings_shown(root))
    n_run, failed = 0, 0
    for example in examples:
        if pattern not in example.name:
            continue
        missing = [name for name in example.needs if is_missing(name)]
        if missing:
            lost = " ".join(missing)
            print(f"skipped: {example.name}: {lost} is not here", flush=True)
            continue
        wrong = run_example(example, root, build)
        if wrong == SKIPPED:
            print(f"skipped: {example.name}: it says so itself", flush=True)
            continue
        print(f"{'FAILED' if wrong else 'ok'}: {example.name}", flush=True)
        if wrong:
            print(wrong, flush=True)
        n_run += 1
        failed += bool(wrong)
    print(f"{n_run} of {len(examples)} examples run, {failed} failed")
    return 1 if failed else 0


def main():
    root, build = (pathlib.Path(path).resolve() for path in sys.argv[2:4])
    if sys.argv[1] == "known":
        return check_known(root)
    if sys.argv[-1] != "inside":
        enter_namespaces()
    return run_all(root, build, sys.argv[4] if len(sys.argv) > 5 else "")


if __name__ == "__main__":
    sys.exit(main())
