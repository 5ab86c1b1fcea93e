# SPDX-License-Identifier: MIT
"""Where examples run: a folder, servers, and namespaces that nobody else is in."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

PATIENCE_S = 30
FUNCTIONS = """
quick() { timeout 10 "$@" || [ $? = 124 ]; }
restart_pipewire() {
	kill "$(cat pipewire.pid)"
	while [ -e "$XDG_RUNTIME_DIR/pipewire-0" ]; do sleep 0.1; done
	pipewire &
	until pw-cli info 0 >/dev/null 2>&1; do sleep 0.1; done
}
"""


def modules_folder():
    """Where PipeWire's own modules are, or None."""
    done = subprocess.run(
        ["pkg-config", "--variable=moduledir", "libpipewire-0.3"],
        capture_output=True,
        text=True,
    )
    return pathlib.Path(done.stdout.strip()) if done.returncode == 0 else None


def is_missing(name):
    """A program, or a module of PipeWire's."""
    if not name.startswith("libpipewire-module-"):
        return not shutil.which(name)
    folder = modules_folder()
    return not folder or not (folder / f"{name}.so").exists()


class Place:
    """A folder to be in, with the servers that an example needs."""

    def __init__(self, folder, root, build):
        self.folder = folder
        self.build = build
        self.lay_out(root)
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
            "PIPEWIRE_DEBUG": "mod.leat:3",
            "TERM": "xterm",
            "XDG_RUNTIME_DIR": str(folder / "run"),
        }
        modules = modules_folder()
        if modules:
            ours = build / "src" / "pw_bridge"
            self.environment["PIPEWIRE_MODULE_DIR"] = f"{ours}:{modules}"
            source = modules / "libpipewire-module-rtp-source.so"
            self.environment["PIPEWIRE_RTP_SOURCE"] = str(source)

    def lay_out(self, root):
        """As somebody has it who is in the sources, and has built there."""
        for name in ("data", "tests"):
            (self.folder / name).symlink_to(root / name)
        for name in ("build", "build-bench"):
            (self.folder / name).symlink_to(self.build)
        unit = self.build / "data" / "systemd" / "leat.service"
        (self.folder / "leat.service").symlink_to(unit)
        (self.folder / ".config" / "pipewire").mkdir(parents=True)
        (self.folder / ".config" / "pipewire" / "leat.conf").symlink_to(
            root / "data" / "pipewire" / "leat.conf"
        )

    def start(self, script):
        process = subprocess.Popen(
            ["sh", "-euc", FUNCTIONS + script],
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

    def wait_for(self, script, patience=PATIENCE_S):
        end = time.monotonic() + patience
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
        path = self.folder / ".config" / "pipewire" / "pipewire.conf"
        path.write_text(config)
        self.need("jackd --port-max 128 -d dummy -r 48000 -p 256", "jack_lsp")
        self.need("sh -c 'echo $$ >pipewire.pid; exec pipewire'", "pw-cli info 0")

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


def make_stereo(place, seconds=10):
    """Silence in two channels, for a player of somebody's."""
    n_bytes = 192000 * seconds
    header = b"RIFF" + (36 + n_bytes).to_bytes(4, "little") + b"WAVEfmt "
    header += bytes.fromhex("10000000 0100 0200 80bb0000 00ee0200 0400 1000")
    header += b"data" + n_bytes.to_bytes(4, "little")
    (place.folder / "stereo.wav").write_bytes(header + bytes(n_bytes))


def enter_namespaces():
    """This program again, where its servers are nobody else's."""
    for program in ("unshare", "jackd", "jack_lsp", "pipewire", "pw-cli", "jq"):
        if not shutil.which(program):
            print(f"skipped: {program} is not here")
            sys.exit(77)
    unshare = "unshare --mount --ipc --net --pid --fork --kill-child".split()
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    if subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL).returncode:
        print("skipped: there is no right to make namespaces")
        sys.exit(77)
    script = "mount -t proc proc /proc; mount -t tmpfs -o mode=1777 tmpfs /dev/shm"
    # What is sent to a network goes no further than to here.
    script += "; ! command -v ip >/dev/null || { ip link set lo up"
    script += "; ip route add 224.0.0.0/4 dev lo; }"
    # The shell stays, as the one process here that reaps all others.
    script += '; s=0; "$@" || s=$?; exit $s'
    os.execvp(
        "unshare",
        unshare + ["sh", "-euc", script, "sh", sys.executable, *sys.argv, "inside"],
    )
