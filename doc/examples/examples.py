# SPDX-License-Identifier: MIT
"""The commands that manuals and pages show, and how each is run."""

VOICE = "/usr/share/sounds/alsa/Front_Center.wav"


class Example:
    """Lines that belong together, and how they are run.

    on:       what is there: "link" (two servers and a running link), "servers",
              or "nothing"
    shorter:  {what is shown: what is run instead}
    until:    a command that succeeds once the example works, for one that goes
              on until Ctrl-C
    needs:    programs, and modules of PipeWire's, that may be missing
    before:   a command that runs beside it, and ready, which succeeds once it does
    patience: how many seconds it may take
    """

    def __init__(self, *lines, on="link", shorter=None, until=None, needs=(),
                 before=None, ready="true", patience=30, name=None):
        self.lines = lines
        self.name = name or "; ".join(lines)
        self.on = on
        self.shorter = shorter or {}
        self.until = until
        self.needs = needs
        self.before = before
        self.ready = ready
        self.patience = patience

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
TUNNEL = "libpipewire-module-jack-tunnel"
SHORT_LOAD = {"60 --rounds 10": "1 --rounds 1 --period 256 --stress 0"}
# A machine with much else to do does not show what was planted.
BUSY = "|| grep 'nothing is shown' log"
CHANGES = {"test_changes": "build/tests/integration/test_changes"}
# With windows that are worse than they may be, after so few seconds.
DRIFT = "5 4 upsets || [ $? = 1 ]; [ $(wc -l <drift/upsets.tsv) = 4 ]"
# Where no systemd is the user's, and nothing is installed.
DAEMON = {
    "/usr/share/pipewire/pipewire.conf.avail": "$PWD/data/pipewire/pipewire.conf.avail",
    "systemctl --user restart pipewire": "restart_pipewire",
}

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
    Example(
        "leat-jack --latency-trim-in=2376",
        on="servers",
        # And the period that the link itself takes.
        until="jack_lsp -l leat-main:from_pipewire_FL | grep 'capture.*2632'",
    ),
    Example(
        "leat-jack --latency-trim-out=2632",
        on="servers",
        until="jack_lsp -l leat-main:to_pipewire_FL | grep 'playback.*2632'",
    ),
    # ---- PipeWire's configuration ----
    Example(
        "mkdir -p ~/.config/pipewire/pipewire.conf.d",
        "ln -s /usr/share/pipewire/pipewire.conf.avail/leat-rtp-send.conf "
        "~/.config/pipewire/pipewire.conf.d/leat-rtp-send.conf",
        "systemctl --user restart pipewire",
        "leat up",
        on="servers",
        shorter={**DAEMON, "leat up": "leat up --no-private"},
        until=f"{UP} && pw-cli ls Node | grep leat.main.send",
        needs=["ip", "libpipewire-module-rtp-sink"],
    ),
    Example(
        "mkdir -p ~/.config/pipewire/pipewire.conf.d",
        "ln -s /usr/share/pipewire/pipewire.conf.avail/leat.conf "
        "~/.config/pipewire/pipewire.conf.d/",
        "systemctl --user restart pipewire",
        on="servers",
        shorter={
            **DAEMON,
            "restart_pipewire": "restart_pipewire; sleep inf",
        },
        until=UP,
        **JACK_SIDE,
    ),
    Example("pipewire -c leat.conf", on="servers", until=UP, **JACK_SIDE),
    Example(
        "journalctl --user -u pipewire | grep -c 'unexpected seq'",
        on="nothing",
        shorter={"journalctl --user -u pipewire": "cat $PIPEWIRE_RTP_SOURCE"},
        needs=["libpipewire-module-rtp-source"],
    ),
    Example(
        "systemd-analyze --user security --offline=true ./leat.service",
        on="nothing",
        needs=["systemd-analyze"],
    ),
    # ---- what figures come from ----
    Example(
        "leat xrun --matrix",
        on="nothing",
        shorter={"--matrix": f"--matrix --duration 1 --load none {LOST}"},
        patience=120,
    ),
    Example(
        "leat xrun --period 1024 --ramp --load jack",
        on="nothing",
        shorter={"jack": f"jack --duration 1 {LOST}"},
        patience=60,
    ),
    Example(
        "leat xrun --period 1024 --ramp --load pipewire",
        on="nothing",
        shorter={"pipewire": f"pipewire --duration 1 {LOST}"},
        patience=60,
    ),
    Example(
        "leat xrun --period 256 --load cpu --compare none --duration 4",
        on="nothing",
        shorter={"4": f"1 {LOST}"},
    ),
    Example(
        "leat xrun --plant pipewire:8000:100 --compare tests/foreign/jack-tunnel "
        "--duration 5",
        on="nothing",
        shorter={"5": f"1 {LOST}"},
        needs=[TUNNEL],
    ),
    Example(
        "leat xrun --load pipewire:50 --compare tests/foreign/jack-tunnel --duration 5",
        on="nothing",
        shorter={"5": f"1 {LOST}"},
        needs=[TUNNEL],
    ),
    Example(
        "tests/bench/callback.sh build/tests/bench/bench-callback",
        on="nothing",
        needs=["valgrind"],
        patience=120,
    ),
    Example(
        "build/tests/bench/bench-callback",
        on="nothing",
        shorter={"callback": "callback --quick"},
    ),
    Example(
        "build-bench/tests/bench/leat-bench-ring --peers",
        on="nothing",
        shorter={"--peers": "--peers --quick"},
        patience=60,
    ),
    Example(
        "tests/bench/instructions.sh build-bench/tests/bench/bench-instructions",
        on="nothing",
        needs=["valgrind"],
        patience=60,
    ),
    Example(
        "build-bench/tests/bench/leat-bench-ring --curves --rounds 15 >curves.tsv",
        'gnuplot -e \'data="curves.tsv"; output="ring-cost.svg"\' '
        "tests/bench/curves.gnuplot",
        on="nothing",
        shorter={"--rounds 15": "--rounds 1"},
        needs=["gnuplot"],
        patience=120,
    ),
    Example(
        "build/tests/fault/fault-peers kills [--long | --count N] [--seed N]",
        "build/tests/fault/fault-peers freezes [--long | --count N] [--seed N]",
        on="nothing",
        shorter={"[--long | --count N] [--seed N]": "--count 20 --seed 1"},
    ),
    Example(
        "build/tests/load/leat-load [--seconds N] [--rounds N] [--period N] "
        "[--mode MODE] [--latency FRAMES] [--stress 0]",
        on="nothing",
        shorter={
            "[--seconds N] [--rounds N] [--period N] [--mode MODE]": "--seconds 1 "
            "--rounds 1 --period 256 --mode adaptive",
            "[--latency FRAMES] [--stress 0]": f"--latency 2400 --stress 0 {BUSY}",
        },
    ),
    Example(
        "build/tests/load/leat-load --seconds 60 --rounds 10 --mode follow",
        on="nothing",
        shorter={**SHORT_LOAD, "follow": f"follow {BUSY}"},
    ),
    Example(
        "build/tests/load/leat-load --seconds 60 --rounds 10 --mode adaptive "
        "--latency 2400",
        on="nothing",
        shorter={**SHORT_LOAD, "2400": f"2400 {BUSY}"},
    ),
    Example(
        "build/tests/load/leat-load --seconds 30 --rounds 9 --mode adaptive "
        "--latency 2400",
        on="nothing",
        shorter={
            "30 --rounds 9": "1 --rounds 1 --period 256 --stress 0",
            "2400": f"2400 {BUSY}",
        },
    ),
    Example(
        "tests/integration/drift.sh BUILD DIR [SECONDS [AT_ONCE [SET...]]]",
        on="nothing",
        shorter={"BUILD DIR [SECONDS [AT_ONCE [SET...]]]": f"build drift {DRIFT}"},
        patience=120,
    ),
    Example(
        "build/tests/fault/fault-restarts --only pipewire --count 80",
        on="nothing",
        shorter={"80": "2"},
    ),
    Example(
        "test_changes follow 300 5 server",
        on="nothing",
        shorter={**CHANGES, "300": "1"},
    ),
    Example(
        "test_freewheel follow 600",
        on="nothing",
        shorter={"test_": "build/tests/integration/test_", "600": "5"},
    ),
    Example("leat tap wait -d to_jack --silence=20ms main"),
]
