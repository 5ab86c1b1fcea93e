#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run_manuals.py known|run SOURCE_ROOT BUILD_ROOT [TEXT]

The commands that the manuals of the programs, the README and doc/internal.md
show: known says whether all of them are listed here, run runs them on real
servers, in namespaces of their own: those that have TEXT in them. What would take a day is shortened.
Status 77 where something is missing.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 30
VOICE = "/usr/share/sounds/alsa/Front_Center.wav"

# ---- what there is ----


class Example:
    """Lines that belong together, and how they are run.

    on:      what is there: "link" (two servers and a running link), "servers",
             or "nothing"
    shorter: {what is shown: what is run instead}
    until:   a command that succeeds once the example works, for one that goes
             on until Ctrl-C
    needs:   programs that may be missing
    before:  a command that runs beside it, and ready, which succeeds once it does
    """

    def __init__(self, *lines, on="link", shorter=None, until=None, needs=(),
                 before=None, ready="true"):
        self.lines = lines
        self.on = on
        self.shorter = shorter or {}
        self.until = until
        self.needs = needs
        self.before = before
        self.ready = ready

    def script(self):
        text = "\n".join(self.lines)
        for told, done in self.shorter.items():
            text = text.replace(told, done)
        return text


UP = "leat status --json | jq -e '.links[0].state | . == \"running\" or . == \"idle\"'"
METRICS = "curl --unix-socket $XDG_RUNTIME_DIR/leat-metrics http://leat/metrics"
JACK_SIDE = {"before": "leat-jack", "ready": "leat status | grep -q main"}
# A virtual machine may lose frames: that is what it looks for.
LOST = "|| [ $? = 1 ]"
# They may hang as they close; what was asked for is done by then.
QUICK = {"jack_": "quick jack_"}

EXAMPLES = [
    Example("leat up", on="servers", until=UP),
    Example("leat up", on="nothing", until=UP),
    Example("leat up --no-private --channels 8", on="servers", until=UP),
    Example(f"leat up --demo {VOICE} --duration 10", on="nothing"),
    Example("leat config check", on="nothing"),
    Example("leat status"),
    Example("leat top", shorter={"leat top": "leat top --once"}),
    Example("leat doctor", shorter={"leat doctor": "leat doctor || [ $? = 1 ]"}),
    Example("leat doctor --json | jq -r '.checks[] | .cure[]'", needs=["jq"]),
    Example("leat tap record take.wav", until="[ $(wc -c <take.wav) -gt 99999 ]"),
    Example(
        "leat tap record --from 20s --duration 80s take.wav",
        shorter={"20s": "1s", "80s": "2s"},
    ),
    Example(
        "leat tap record --direction both --split 1h --duration 24h day.w64",
        shorter={"1h": "1s", "24h": "3s"},
    ),
    Example(
        "leat tap meter --once --json --from 10s --duration 10s | jq .integrated",
        shorter={"10s": "1s"},
        needs=["jq"],
    ),
    Example(
        "leat tap pipe --wav | ffmpeg -i - -c:a libopus out.opus",
        shorter={"--wav": "--wav --duration 2s", "ffmpeg": "ffmpeg -y -v error"},
        needs=["ffmpeg"],
    ),
    Example("leat tap play", until="pw-cli ls Node | grep -q 'leat-tap\\|leat\\.tap'"),
    Example("leat tap wait --signal --timeout 5s || echo silent", shorter={"5s": "1s"}),
    Example(f"leat verify --play {VOICE}"),
    Example(
        "leat status --json main | jq '.links[0].to_jack.latency_frames'", needs=["jq"]
    ),
    Example(
        "leat status --prometheus | sponge /var/lib/prometheus/node-exporter/leat.prom",
        shorter={"sponge /var/lib/prometheus/node-exporter/": "cat >"},
    ),
    Example(
        "leat status --prometheus=$XDG_RUNTIME_DIR/leat-metrics",
        until=f"{METRICS} | grep -q leat_",
        needs=["curl"],
    ),
    Example(
        METRICS,
        before="leat status --prometheus=$XDG_RUNTIME_DIR/leat-metrics",
        ready="[ -S $XDG_RUNTIME_DIR/leat-metrics ]",
        needs=["curl"],
    ),
    Example("leat-jack --connect physical &", "leat-pipewire", on="servers", until=UP),
    Example(
        "leat-jack -s studio --to-pipewire 8 --to-jack 2 stems",
        on="servers",
        before="jackd -n studio --port-max 64 -d dummy",
        ready="jack_lsp -s studio",
        until="[ $(jack_lsp -s studio | grep -c leat-stems:to_pipewire_) = 8 ]",
    ),
    Example(
        "leat-jack -c from_pipewire_FL=mixer:in_1",
        on="servers",
        shorter={"mixer:in_1": "system:playback_1"},
        until="jack_lsp -c leat-main:from_pipewire_FL | grep -q system:playback_1",
    ),
    Example("leat-jack --probe", on="servers"),
    Example("leat-pipewire", on="servers", until=UP, **JACK_SIDE),
    Example(
        "leat-pipewire --default --description Studio",
        on="servers",
        until="pw-dump | grep -q Studio",
        **JACK_SIDE,
    ),
    Example(
        "pw-link player:output_FL leat.main.sink:playback_FL",
        before="pw-play -P '{ node.name=player adapter.auto-port-config={mode=dsp} }' "
        "stereo.wav",
        ready="pw-link -o | grep player:output_FL",
    ),
    Example("leat-pipewire --probe", on="servers"),
    Example(
        "leat xrun --period 64 --ramp",
        on="nothing",
        shorter={"--ramp": f"--ramp --duration 1 {LOST}"},
    ),
    Example(
        "leat xrun --load cpu --compare none",
        on="nothing",
        shorter={"none": f"none --duration 2 {LOST}"},
    ),
    Example(
        'jack_load leat -i "link=main channels=2"',
        "jack_unload leat",
        on="servers",
        shorter=QUICK,
        needs=["jack_load"],
    ),
    Example(
        'jack_load -i "link=main channels=2" leat-main leat',
        on="servers",
        shorter={**QUICK, "main leat": "main leat; quick jack_unload leat-main"},
        needs=["jack_load"],
    ),
]

# ---- what the manuals show ----


def plain(line):
    for macro, sign in (("\\(dq", '"'), ("\\&", ""), ("\\-", "-"), ("\\e", "\\")):
        line = line.replace(macro, sign)
    return line.removeprefix("$ ").strip()


def shown(root):
    """(file, line) of all commands that somebody may copy."""
    for path in sorted((root / "data" / "man").glob("*.[15]")):
        for line in path.read_text().splitlines():
            if line.startswith(".Dl "):
                yield path.name, plain(line[4:])
            elif line.startswith("$ "):
                yield path.name, plain(line)
    for name in ("README.md", "doc/internal.md"):
        for line in (root / name).read_text().splitlines():
            if re.match(r"    (leat|jack_\w+) ", line):
                yield name, re.sub(r"\s+#.*", "", line).strip()


def check_known(root):
    known = {line for example in EXAMPLES for line in example.lines}
    found = set()
    wrong = []
    for name, line in shown(root):
        found.add(line)
        if line not in known:
            wrong.append(f"{name}: run_manuals.py does not know how to run: {line}")
    wrong += [f"no manual has it any more: {line}" for line in sorted(known - found)]
    print("\n".join(wrong) or f"{len(found)} commands, each with a way to run it")
    return 1 if wrong else 0


# ---- running them ----

QUICK_SHELL = 'quick() { timeout 10 "$@" || [ $? = 124 ]; }\n'


class Place:
    """A folder to be in, with the servers that an example needs."""

    def __init__(self, folder, build):
        self.folder = folder
        self.build = build
        self.processes = []
        self.log = open(folder / "log", "a")
        tools = build / "src" / "tools"
        folders = [tools, build / "src" / "jack_bridge", build / "src" / "pw_bridge"]
        folders += [path for path in tools.iterdir() if path.is_dir()]
        path = ":".join(str(folder) for folder in folders)
        (folder / "run").mkdir(mode=0o700)
        self.environment = {
            "HOME": str(folder),
            "JACK_INTERNAL_DIR": str(build / "src" / "jack_bridge"),
            "JACK_NO_START_SERVER": "1",
            "LANG": "C.UTF-8",
            "LEAT_DATA_DIR": str(tools),
            "LEAT_PATH": path,
            "PATH": f"{path}:{os.environ['PATH']}",
            "TERM": "xterm",
            "XDG_RUNTIME_DIR": str(folder / "run"),
        }

    def start(self, script):
        process = subprocess.Popen(
            ["sh", "-euc", QUICK_SHELL + script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def succeeds(self, script):
        return (
            subprocess.run(
                ["sh", "-uc", script],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=PATIENCE_S,
            ).returncode
            == 0
        )

    def wait_for(self, script):
        end = time.monotonic() + PATIENCE_S
        while not self.succeeds(script):
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def need(self, script, ready):
        # jackd would leave the shell's group, and outlive it.
        self.start(f"exec {script}")
        if not self.wait_for(ready):
            raise SystemExit(f"failed: '{script}' does not come up")

    def start_servers(self):
        config = (self.build / "src" / "tools" / "pipewire-private.conf").read_text()
        config = config.replace("@RATE@", "48000").replace("@QUANTUM@", "256")
        (self.folder / "pipewire.conf").write_text(config)
        self.need("jackd --port-max 128 -d dummy -r 48000 -p 256", "jack_lsp")
        self.need(f"pipewire -c {self.folder}/pipewire.conf", "pw-cli info 0")

    def stop(self, process):
        """Whether it ends when it is asked to, with all that it started."""
        self.processes.remove(process)
        ended = self.signal_all(process, signal.SIGTERM)
        if not ended:
            self.signal_all(process, signal.SIGKILL)
        process.wait()
        return ended

    @staticmethod
    def signal_all(process, number):
        try:
            os.killpg(process.pid, number)
            end = time.monotonic() + 10
            while time.monotonic() < end:
                process.poll()
                os.killpg(process.pid, 0)
                time.sleep(0.05)
        except ProcessLookupError:
            return True
        return False

    def end(self):
        for process in reversed(self.processes.copy()):
            self.stop(process)
        self.log.close()


def try_example(place, example):
    """What is wrong, or nothing."""
    process = place.start(example.script())
    if example.until:
        works = place.wait_for(example.until)
        if process.poll() is not None:
            return f"ended with status {process.returncode}"
        if not works:
            return f"this did not become true: {example.until}"
        return None if place.stop(process) else "does not end when it is told to"
    try:
        status = process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        return "does not end"
    return f"ended with status {status}" if status else None


def run_example(example, build):
    with tempfile.TemporaryDirectory() as folder:
        place = Place(pathlib.Path(folder), build)
        try:
            if example.on != "nothing":
                place.start_servers()
            if example.on == "link":
                place.need("leat up --no-private --quiet", UP)
            make_stereo(place)
            if example.before:
                place.need(example.before, example.ready)
            wrong = try_example(place, example)
            if wrong:
                wrong += ":\n" + (place.folder / "log").read_text()[-2000:]
            return wrong
        finally:
            place.end()


def make_stereo(place, seconds=10):
    """Silence in two channels, for a player of somebody's."""
    n_bytes = 192000 * seconds
    header = b"RIFF" + (36 + n_bytes).to_bytes(4, "little") + b"WAVEfmt "
    header += bytes.fromhex("10000000 0100 0200 80bb0000 00ee0200 0400 1000")
    header += b"data" + n_bytes.to_bytes(4, "little")
    (place.folder / "stereo.wav").write_bytes(header + bytes(n_bytes))


def missing_for(example):
    return [name for name in example.needs if not shutil.which(name)]


def run_all(build, pattern):
    n_run, failed = 0, 0
    for example in EXAMPLES:
        if pattern not in example.lines[0]:
            continue
        name = "; ".join(example.lines)
        missing = missing_for(example)
        if missing:
            print(f"skipped: {name}: {' '.join(missing)} is not here", flush=True)
            continue
        wrong = run_example(example, build)
        print(f"{'FAILED' if wrong else 'ok'}: {name}", flush=True)
        if wrong:
            print(wrong, flush=True)
        n_run += 1
        failed += bool(wrong)
    print(f"{n_run} of {len(EXAMPLES)} examples run, {failed} failed")
    return 1 if failed else 0


def enter_namespaces():
    """This program again, where its servers are nobody else's."""
    for program in ("unshare", "jackd", "jack_lsp", "pipewire", "pw-cli", "jq"):
        if not shutil.which(program):
            print(f"skipped: {program} is not here")
            sys.exit(77)
    unshare = ["unshare", "--mount", "--ipc", "--pid", "--fork", "--kill-child"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    if subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL).returncode:
        print("skipped: there is no right to make namespaces")
        sys.exit(77)
    script = "mount -t proc proc /proc; mount -t tmpfs -o mode=1777 tmpfs /dev/shm"
    # The shell stays, as the one process here that reaps all others.
    script += '; s=0; "$@" || s=$?; exit $s'
    os.execvp(
        "unshare",
        unshare + ["sh", "-euc", script, "sh", sys.executable, *sys.argv, "inside"],
    )


def main():
    root, build = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    if sys.argv[1] == "known":
        return check_known(root)
    if sys.argv[-1] != "inside":
        enter_namespaces()
    return run_all(build, sys.argv[4] if len(sys.argv) > 5 else "")


if __name__ == "__main__":
    sys.exit(main())
