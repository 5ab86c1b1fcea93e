#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""take.py SOURCE_ROOT BUILD_ROOT FOLDER [PROGRAM...]

What a link looks like in the programs that people see it in: qpwgraph,
pavucontrol and qjackctl, on private servers and a screen of their own, as
FOLDER/names-PROGRAM.png. Fails where a picture lacks what there is to see: ports,
or our icon. Exits with 77, and says why, where something is missing. The pictures
of doc/names.md are made so:

    tests/screenshots/take.py . BUILD_ROOT doc
"""

import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "doc" / "examples"))
from examples import UP
from place import PATIENCE_S, Place, enter_namespaces, make_stereo

NEEDED = "Xvfb xdotool import convert dbus-daemon wireplumber pipewire-pulse".split()
SCREEN = (900, 560)
COLOURS = 128
PORTS = ("#006400", 1000)
ICON = ("#0f5c7a", 50)

# WirePlumber shall see no device of this machine.
NO_MONITORS = {
    "main.lua.d": "alsa_monitor.enabled = false\n"
    "v4l2_monitor.enabled = false\nlibcamera_monitor.enabled = false\n",
    "bluetooth.lua.d": "bluez_monitor.enabled = false\n",
}

# Desktop programs, which play to JACK and record from it.
PLAYER = """exec pw-play --target leat.main.sink \\
    -P '{ node.name = Player node.description = "Music player" }' stereo.wav"""
RECORDER = """exec pw-record --target leat.main.source \\
    -P '{ node.name = Recorder node.description = "Voice recorder" }' take.wav"""


def spot(node, x, y):
    """A node's place on the canvas, as lines of Qt's settings: a QPointF. Of two
    nodes of one name, the second is known by a number."""
    data = bytes([0, 0, 0, 26]) + struct.pack(">dd", x, y)
    value = "".join(f"\\x{byte:x}" for byte in data)
    name, colon, mode = node.partition(":")
    keys = "".join(
        c if c.isalnum() else "\\" if c == "/" else f"%{ord(c):02X}"
        for c in f"{name}{colon}{mode}\n{name}-1{colon}{mode}"
    )
    return "".join(f"{key}=@Variant({value})\n" for key in keys.split("%0A"))


QPWGRAPH = "[GraphView]\nRepelOverlappingNodes=true\n[GraphNodePos]\n" + "".join(
    (
        spot("pw-play/Music player", -160, -210),
        spot("To JACK (main):Input", 160, -210),
        spot("To JACK (main):Output", -160, -110),
        spot("From JACK (main):Output", -160, 10),
        spot("pw-record/Voice recorder", 160, 10),
        spot("Private sink:Output", -160, 110),
        spot("Private sink:Input", 160, 110),
    )
)
QJACKCTL = (
    "[Options]\nJackClientPortMetadata=true\nAlsaSeqEnabled=false\n"
    "Singleton=false\nQueryShutdown=false\nQueryClose=false\n"
    "[GraphView]\nSortType=2\n[Geometry]\nqjackctlGraphForm\\visible=true\n[GraphNodePos]\n"
) + "".join(
    (
        spot("system:Output", -280, 0),
        spot("leat-main", 0, 0),
        spot("system:Input", 290, 0),
    )
)


class Program:
    """What is started, which window of it is meant, and its settings.

    window:   how xdotool finds it
    size:     what it is given of the screen
    shows:    a colour that has to be seen of it, in at least so many pixels
    settings: {file below ~/.config: text}
    """

    def __init__(self, command, window, size, shows, settings=None):
        self.command = command
        self.window = window
        self.size = size
        self.shows = shows
        self.settings = settings or {}


PROGRAMS = {
    "qpwgraph": Program(
        "qpwgraph",
        "--class qpwgraph",
        (900, 560),
        PORTS,
        {"rncbc.org/qpwgraph.conf": QPWGRAPH},
    ),
    "pavucontrol": Program(
        "pavucontrol --tab=3", "--class pavucontrol", (700, 360), ICON
    ),
    "qjackctl": Program(
        "qjackctl",
        "--name Graph",
        (860, 280),
        PORTS,
        {"rncbc.org/QjackCtl.conf": QJACKCTL},
    ),
}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def start_session(place):
    """A session as a desktop has it, but for its devices."""
    for name, text in NO_MONITORS.items():
        write(place.folder / ".config/wireplumber" / name / "51-test.lua", text)
    bus = f"unix:path={place.folder}/run/bus"
    place.environment["DBUS_SESSION_BUS_ADDRESS"] = bus
    place.need(f"dbus-daemon --session --nofork --address={bus}", "[ -S run/bus ]")
    place.need("wireplumber", "pw-cli ls Client | grep -q WirePlumber")
    place.need("pipewire-pulse", "[ -S run/pulse/native ]")


def add_icon(place, root):
    """Where programs look for icons, as if it were installed."""
    (place.folder / "share").mkdir()
    (place.folder / "share" / "icons").symlink_to(root / "data" / "icons")


def start_screen(place):
    width, height = SCREEN
    place.need(
        f"Xvfb -displayfd 3 -screen 0 {width}x{height}x24 -nolisten tcp 3>display",
        "[ -s display ]",
    )
    number = (place.folder / "display").read_text().strip()
    place.environment["DISPLAY"] = f":{number}"
    place.environment["NO_AT_BRIDGE"] = "1"
    place.environment["XDG_DATA_DIRS"] = f"{place.folder}/share:/usr/share"
    place.environment["QT_LOGGING_RULES"] = "*=false"


def output(place, command):
    return subprocess.run(
        ["sh", "-uc", command],
        cwd=place.folder, env=place.environment, capture_output=True,
        timeout=PATIENCE_S,
    ).stdout


def still(place, size):
    """A corner of the screen, once two looks at it are the same."""
    end = time.monotonic() + PATIENCE_S
    before = None
    while time.monotonic() < end:
        now = output(
            place,
            f"import -window root -crop {size[0]}x{size[1]}+0+0 +repage "
            f"+dither -colors {COLOURS} -strip png8:-",
        )
        if now and now == before:
            return now
        before = now
        time.sleep(1)
    raise SystemExit("failed: the screen does not come to rest")


def take(place, name, picture):
    program = PROGRAMS[name]
    width, height = program.size
    for path, text in program.settings.items():
        write(place.folder / ".config" / path, text)
    process = place.start(f"exec {program.command}")
    window = f"xdotool search --onlyvisible {program.window}"
    if not place.wait_for(f"{window} | grep -q ."):
        raise SystemExit(f"failed: no window '{program.window}' of {name}")
    place.succeeds(f"{window} windowmove %1 0 0 windowsize %1 {width} {height}")
    picture.write_bytes(still(place, program.size))
    place.stop(process)
    colour, least = program.shows
    count = (
        f"convert '{picture.resolve()}' -fuzz 2% -fill magenta -opaque '{colour}' "
        "-fill black +opaque magenta -format '%[fx:round(mean.r*w*h)]' info:"
    )
    if float(output(place, count) or 0) < least:
        raise SystemExit(f"failed: {name} does not show what is {colour}")


def show(folder, build, out, names):
    place = Place(folder, pathlib.Path(sys.argv[1]).resolve(), build)
    try:
        place.start_servers()
        start_session(place)
        make_stereo(place, seconds=300)
        place.need("leat up --no-private --quiet --connect physical", UP)
        place.start(PLAYER)
        place.start(RECORDER)
        add_icon(place, pathlib.Path(sys.argv[1]).resolve())
        start_screen(place)
        for name in names:
            take(place, name, out / f"names-{name}.png")
            print(f"{out}/names-{name}.png", flush=True)
    except SystemExit:
        print((folder / "log").read_text()[-3000:])
        raise
    finally:
        place.end()


def main():
    build, out = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    names = [name for name in sys.argv[4:] if name != "inside"] or list(PROGRAMS)
    missing = [name for name in NEEDED + names if not shutil.which(name)]
    if missing:
        print(f"skipped: {' '.join(missing)} is not here")
        return 77
    if sys.argv[-1] != "inside":
        enter_namespaces()
    with tempfile.TemporaryDirectory() as folder:
        show(pathlib.Path(folder), build, out, names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
