# SPDX-License-Identifier: MIT
"""Build a mutant in a copy of the tree, and run what might notice it.

The killers, in the order of what they cost:

  unit    the unit tests that come to the function, as gcov saw them, the
          quick ones first
  orders  tests/proof/orders: what each function of atomics.h compiles to
  sched   tests/proof/sched: the ring under every schedule, then under many
  asan    the same unit tests with the address and undefined sanitizers

A change of an order or a barrier cannot be seen by running a program, but by
accident, so there the proofs come first.
"""

import gzip
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

SHARED = {"include", "src", "tests", "doc", "data", ".ci"}
OPTIONS = ["-Djack=disabled", "-Dpipewire=disabled", "-Dtools=disabled",
           "-Dtests=enabled", "-Dbenchmarks=disabled", "-Dwerror=false",
           "-Doptimization=1", "-Ddebug=false"]
VARIANTS = {
    "unit": [],
    "asan": ["-Db_sanitize=address,undefined", "-Db_lundef=false"],
    "coverage": ["-Db_coverage=true"],
}
# What the proofs are about; the other sources they do not compile.
SCHED = ("src/ringbuf/ring.c", "src/ringbuf/fdring.c", "src/link/stamp.c",
         "src/link/event_log.c", "src/link/load_cycles.c",
         "src/link/load_record.c", "src/link/tap_log.c",
         "src/link/tap_window.c",
         "include/leat/inline/ring.h", "include/leat/inline/fdring.h",
         "include/leat/inline/index.h")
ORDERS = ("include/leat/inline/atomics.h",)
# Of a test that forks and kills, gcov does not see all.
UNSEEN = {"link_processes": "src/link/", "ring_race": "src/ringbuf/"}
PROOF = "tests/proof/sched/proof-sched"

NOT_COMPILED, KILLED, SURVIVED = "not compiled", "killed", "survived"


# Groups of processes that run now.
running = set()


def kill_running():
    """What a killer started must not outlive us."""
    for group in list(running):
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Broken(Exception):
    """Something other than a mutant is wrong."""


def run(command, cwd, timeout_s, env):
    """Exit status and output; None as a status if the time was over."""
    with subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=env, start_new_session=True) as process:
        running.add(process.pid)
        try:
            output, _ = process.communicate(timeout=timeout_s)
            status = process.returncode
        except subprocess.TimeoutExpired:
            output, status = b"", None
        # Children of a test that failed may still wait for each other.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        if status is None:
            process.communicate()
        running.discard(process.pid)
    return status, output.decode(errors="replace")


def same_bytes(a, b):
    with open(a, "rb") as left, open(b, "rb") as right:
        return left.read() == right.read()


def sync(top, copy):
    """Make the copy what the tree is, and leave alone what is the same."""
    for name in os.listdir(top):
        if name.startswith("build") or name == ".git":
            continue
        source = os.path.join(top, name)
        if os.path.isfile(source):
            copy_file(source, os.path.join(copy, name))
        elif name in SHARED:
            sync_folder(source, os.path.join(copy, name))


def sync_folder(source, copy):
    for folder, _, names in os.walk(source):
        there = os.path.join(copy, os.path.relpath(folder, source))
        os.makedirs(there, exist_ok=True)
        for name in names:
            copy_file(os.path.join(folder, name), os.path.join(there, name))
        for name in set(os.listdir(there)) - set(os.listdir(folder)):
            if os.path.isfile(os.path.join(there, name)):
                os.unlink(os.path.join(there, name))


def copy_file(source, copy):
    if not os.path.exists(copy) or not same_bytes(source, copy):
        shutil.copy(source, copy)


class Workshop:
    """A copy of the tree with its build directories."""

    def __init__(self, top, folder):
        self.folder = folder
        self.tree = os.path.join(folder, "tree")
        # Tests leave things behind when they crash: here, and short, as the
        # name of a socket has room for 107 bytes.
        self.scratch = os.path.join(folder, "t")
        os.makedirs(self.tree, exist_ok=True)
        sync(top, self.tree)
        self.env = dict(os.environ, TMPDIR=self.scratch, CCACHE_DISABLE="1",
                        ASAN_OPTIONS="detect_leaks=1:abort_on_error=0",
                        UBSAN_OPTIONS="halt_on_error=1")
        self._empty_scratch()
        self.changed = None

    def _empty_scratch(self):
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.makedirs(self.scratch, exist_ok=True)

    def build_folder(self, variant):
        return os.path.join(self.folder, variant)

    def setup(self, variant):
        folder = self.build_folder(variant)
        if os.path.exists(os.path.join(folder, "build.ninja")):
            return
        status, output = run(
            ["meson", "setup", folder, self.tree, *OPTIONS,
             *VARIANTS[variant]], self.folder, 120, self.env)
        if status != 0:
            raise Broken(output)

    def write(self, path, text):
        with open(os.path.join(self.tree, path), "w", encoding="utf-8") as f:
            f.write(text)

    def build(self, variant, targets):
        status, output = run(["ninja", "-C", self.build_folder(variant),
                              *targets], self.folder, 300, self.env)
        return status, output

    def test(self, variant, name, timeout_s):
        folder = self.build_folder(variant)
        program = os.path.join(folder, "tests/unit/test_" + name)
        status, output = run([program], folder, timeout_s, self.env)
        if status != 0:
            self._empty_scratch()
        return status, output


class Plan:
    """Which test comes to which function, and how long each takes."""

    def __init__(self, path):
        self.path = path
        self.seconds = {}  # variant: test: seconds
        self.reached = {}  # "file:function": [test]
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                stored = json.load(f)
            self.seconds = stored["seconds"]
            self.reached = stored["reached"]

    def save(self):
        with open(self.path, "w", encoding="utf-8") as f:
            json.dump({"seconds": self.seconds, "reached": self.reached}, f)

    def measure(self, shop, names):
        """Run all of them as they are; whatever fails now is no killer."""
        for variant in ("unit", "asan"):
            shop.setup(variant)
            status, output = shop.build(
                variant, ["tests/unit/test_" + n for n in names])
            if status != 0:
                raise Broken(output)
            times = self.seconds.setdefault(variant, {})
            for name in names:
                began = time.monotonic()
                status, output = shop.test(variant, name, 300)
                if status != 0:
                    raise Broken(f"{name} fails without a mutant, {variant}:\n"
                                 + output)
                times[name] = time.monotonic() - began
        self._trace(shop, names)
        self.save()

    def _trace(self, shop, names):
        shop.setup("coverage")
        status, output = shop.build(
            "coverage", ["tests/unit/test_" + n for n in names])
        if status != 0:
            raise Broken(output)
        self.reached = {}
        for name in names:
            for path in files_ending(shop.build_folder("coverage"), ".gcda"):
                os.unlink(path)
            shop.test("coverage", name, 300)
            for function in functions_called(shop):
                self.reached.setdefault(function, []).append(name)

    def tests_of(self, mutant, variant):
        times = self.seconds[variant]
        if mutant.function == "-" or mutant.function.isupper() or \
                mutant.path.endswith(".h"):
            names = set(times)
        else:
            names = set(self.reached.get(
                f"{mutant.path}:{mutant.function}", ()))
            names |= {n for n, where in UNSEEN.items()
                      if n in times and mutant.path.startswith(where)}
        return sorted(names, key=lambda n: times[n])

    def limit_s(self, variant, name):
        return 4 + 10 * self.seconds[variant][name]


def files_ending(folder, end):
    for where, _, names in os.walk(folder):
        for name in names:
            if name.endswith(end):
                yield os.path.join(where, name)


def functions_called(shop):
    """What gcov counted at least once: "file:function"."""
    found = set()
    folder = shop.build_folder("coverage")
    with tempfile.TemporaryDirectory() as out:
        objects = list(files_ending(folder, ".gcda"))
        subprocess.run(["gcov", "--json-format", *objects], cwd=out,
                       check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        for path in files_ending(out, ".gz"):
            with gzip.open(path) as f:
                data = json.load(f)
            for source in data["files"]:
                where = os.path.normpath(
                    os.path.join(folder, source["file"]))
                where = os.path.relpath(where, shop.tree)
                found |= {f"{where}:{f['name']}" for f in source["functions"]
                          if f["execution_count"] > 0}
    return found


class Bench:
    """Tries one mutant after another in its workshop."""

    def __init__(self, shop, plan, killers):
        self.shop = shop
        self.plan = plan
        self.killers = killers
        shop.setup("unit")

    def try_one(self, mutant, text):
        """The verdict, and what killed it."""
        self.shop.write(mutant.path, mutant.apply(text))
        try:
            return self._judge(mutant, text)
        finally:
            self.shop.write(mutant.path, text)

    def _judge(self, mutant, text):
        steps = [("unit", self._unit), ("orders", self._orders),
                 ("sched", self._sched), ("same", self._same),
                 ("asan", self._asan)]
        if mutant.kind in ("order", "barrier"):
            # Two programs alike on this machine may differ on another.
            steps = [steps[1], steps[2], steps[0], steps[4]]
        for name, step in steps:
            if name not in self.killers and name != "same":
                continue
            verdict = step(mutant, text)
            if verdict:
                return verdict
        return SURVIVED, ""

    def _built(self, variant, targets):
        status, output = self.shop.build(variant, targets)
        if status == 0:
            return None
        if "static assertion failed" in output:
            return KILLED, "the compiler: static assertion"
        return NOT_COMPILED, output

    def _unit(self, mutant, _, variant="unit"):
        self.shop.setup(variant)
        for name in self.plan.tests_of(mutant, variant):
            verdict = self._built(variant, ["tests/unit/test_" + name])
            if verdict:
                return verdict
            status, _ = self.shop.test(variant, name,
                                       self.plan.limit_s(variant, name))
            if status is None:
                return KILLED, f"{variant} {name} (time)"
            if status != 0:
                return KILLED, f"{variant} {name}"
        if not self.plan.tests_of(mutant, variant):
            verdict = self._built(variant, ["tests/unit/libleat_static.a"])
            return verdict
        return None

    def _asan(self, mutant, text):
        verdict = self._unit(mutant, text, "asan")
        return verdict if verdict and verdict[0] == KILLED else None

    def _orders(self, mutant, _):
        if mutant.path not in ORDERS:
            return None
        status, _ = run(["tests/proof/orders/orders.py", "text"],
                        self.shop.tree, 60, self.shop.env)
        return (KILLED, "orders") if status not in (0, 77) else None

    def _sched(self, mutant, _):
        if mutant.path not in SCHED:
            return None
        verdict = self._built("unit", [PROOF])
        if verdict:
            return verdict
        program = os.path.join(self.shop.build_folder("unit"), PROOF)
        for what in ("all", "random"):
            status, _ = run([program, what], self.shop.folder, 60,
                            self.shop.env)
            if status is None:
                return KILLED, f"sched {what} (time)"
            if status != 0:
                return KILLED, f"sched {what}"
        return None

    def _same(self, mutant, text):
        """No change at all, if the compiler makes the same of it."""
        sources = [mutant.path]
        if mutant.path.endswith(".h"):
            sources = ["src/ringbuf/ring.c", "src/ringbuf/symbols.c",
                       "src/link/frames.c", "src/link/stamp.c"] if \
                mutant.path.startswith("include/") else \
                [os.path.join("src/link", n) for n in
                 ("proto.c", "part.c", "frames.c", "side.c", "socket.c")]
        mutated = [self._compile(s) for s in sources]
        self.shop.write(mutant.path, text)
        original = [self._compile(s) for s in sources]
        self.shop.write(mutant.path, mutant.apply(text))
        return (SURVIVED, "same") if mutated == original else None

    def _compile(self, path):
        done = subprocess.run(
            ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-DLEAT_VERSION=\"\"",
             "-O2", "-w", "-Iinclude", "-Isrc", "-S", path, "-o", "-"], cwd=self.shop.tree, check=True,
            stdout=subprocess.PIPE)
        return done.stdout
