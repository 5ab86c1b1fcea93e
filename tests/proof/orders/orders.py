#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""orders.py text|code: hold include/leat/inline/atomics.h to what the proofs lean on.

A processor that runs a test seldom shows that an order is too weak, and the
explorer of ../sched has atomics of its own. So what each function asks for is
written down in the file "orders", beside the litmus tests that say why.

  text  what gcc takes the functions to ask for
  code  the instructions that clang makes of them, for each architecture

Exits with 77, and says why, where the compiler is missing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
INCLUDES = ["-I", os.path.join(TOP, "include"), "-I", os.path.join(TOP, "src")]
SOURCE = os.path.join(HERE, "functions.c")

# As __ATOMIC_RELAXED and so on, in the order of their numbers.
ORDERS = ["relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"]
BUILTIN = re.compile(
    r"__(?:atomic|sync)_(\w+?)(?:_\d+)? \(((?:[^()]|\([^()]*\))*)\)"
    r"|\b(leat_\w+) \(")

# Name: what clang is to compile for.
TARGETS = {
    "aarch64": ["--target=aarch64-linux-gnu"],
    "riscv": ["--target=riscv64-linux-gnu"],
    "x86": ["--target=x86_64-linux-gnu"],
}


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def read_table():
    """function: column: what is there."""
    table, function = {}, None
    with open(os.path.join(HERE, "orders"), encoding="utf-8") as f:
        for line in f.read().splitlines():
            if not line or line.startswith("#"):
                continue
            if line.startswith("\t"):
                column, _, what = line.strip().partition("\t")
                table[function][column] = what
            else:
                function = line
                table[function] = {}
    return table


def compile_with(command):
    return subprocess.run([*command, *INCLUDES, "-w", SOURCE], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


# ---- text ----

def order_of(arguments):
    """The last argument of a built-in function is the order of a success."""
    number = arguments.rpartition(",")[2].strip()
    return ORDERS[int(number)] if number.isdigit() else number


def asked_for(dump):
    """function: what it calls, in order, from gcc's dump of the trees."""
    found = {}
    for part in re.split(r"^;; Function ", dump, flags=re.M)[1:]:
        name, _, body = part.partition(" ")
        calls = []
        for match in BUILTIN.finditer(body):
            what, arguments, other = match.groups()
            calls.append(other or f"{what.replace('thread_fence', 'fence')}:"
                                  f"{order_of(arguments)}")
        # Arguments are printed inside their call, but come before it.
        found[name] = " ".join(sorted(calls) if any(
            c.startswith("leat_") for c in calls) else calls) or "-"
    return found


def dump_of(options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "dump")
        compile_with(["gcc", "-O0", "-S", "-o", os.devnull, *options,
                      f"-fdump-tree-original={path}"])
        with open(path, encoding="utf-8") as f:
            return f.read()


def check_text(table):
    if not shutil.which("gcc"):
        skip("gcc is not here, which says what an order is taken for")
    wrong = compare(table, "text", asked_for(dump_of([])), "text")
    return wrong + compare(table, "text-tsan",
                           asked_for(dump_of(["-fsanitize=thread"])), "text")


# ---- code ----

def in_arm(op, args):
    if op == "dmb":
        return f"dmb:{args}"
    return op if op[:2] in ("ld", "st") or "cas" in op or \
        op.startswith("swp") else None


def in_riscv(op, args):
    if op == "fence":
        return f"fence:{args.replace(' ', '')}"
    return op if op in ("ld", "sd") or op.startswith(("amo", "lr", "sc")) \
        else None


def in_x86(op, args):
    if op == "#MEMBARRIER":
        return "compiler"
    if op in ("mfence", "lock") or op.startswith("xchg"):
        return op
    if "(" not in args:
        return None
    side = "store" if args.endswith(")") else "load"
    return f"{op.rstrip('q')}:{side}"


READERS = {"aarch64": in_arm, "riscv": in_riscv, "x86": in_x86}


def instructions(assembly, reader):
    """function: what touches or orders memory, in order."""
    found, name = {}, None
    for line in assembly.splitlines():
        label = re.match(r"(leat_\w+):", line)
        if label:
            name = label.group(1)
            found[name] = []
        if not name or not line.startswith("\t"):
            continue
        op, _, args = line.strip().partition("\t")
        what = reader(op, args.split("#")[0].split("//")[0].strip())
        if what:
            found[name].append(what)
        if op in ("ret", "retq"):
            name = None
    return {function: " ".join(ops) or "-" for function, ops in found.items()}


def check_code(table):
    if not shutil.which("clang"):
        skip("clang is not here, which compiles for each architecture")
    wrong = 0
    for name, options in TARGETS.items():
        assembly = compile_with(
            ["clang", "-O2", "-S", "-o", "-", "-ffreestanding",
             "-fno-asynchronous-unwind-tables", *options])
        wrong += compare(table, name, instructions(assembly, READERS[name]),
                         None)
    return wrong


# ---- ----

def compare(table, column, found, otherwise):
    """How many functions are not what the table says."""
    wrong = 0
    for function in sorted(set(table) | set(found)):
        row = table.get(function, {})
        wanted = row.get(column, row.get(otherwise, "nothing"))
        got = found.get(function, "nothing")
        if wanted != got:
            print(f"{function}, {column}: is {got}, and not {wanted}")
            wrong += 1
    print(f"{column}: {len(found)} functions, {wrong} wrong")
    return wrong


def check_litmus(table):
    """Each test that is named is there, and what orders names one."""
    wrong = 0
    for function, row in table.items():
        names = row.get("litmus", "").split()
        weak = re.sub(r"\w+:relaxed|leat_\w+", "", row["text"]).strip()
        if weak and not names:
            print(f"{function}: no litmus test says why it orders")
            wrong += 1
        for name in names:
            path = os.path.join(HERE, "..", "litmus", name + ".litmus")
            if not os.path.exists(path):
                print(f"{function}: there is no litmus test {name}")
                wrong += 1
    return wrong


def main():
    if sys.argv[1:] not in (["text"], ["code"]):
        print("usage: orders.py text|code", file=sys.stderr)
        return 2
    table = read_table()
    check = check_text if sys.argv[1] == "text" else check_code
    return 1 if check_litmus(table) + check(table) else 0


if __name__ == "__main__":
    sys.exit(main())
