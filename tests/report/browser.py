#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looks at the pages of leat xrun in a real browser.

    browser.py [--short] [--shots FOLDER] MADE-REPORT
    browser.py [--short] [--shots FOLDER] PAGE.html...

Each page is shown in light and in dark, on a desk, a tablet and a phone. It
must render, ask the network for nothing, put nothing on the console, fit the
width, and be readable: contrast as WCAG 2.1 asks for, no text over another.

With --short that is some pages only, and no tablet.

Exits with 77, and says why, where there is no chromium.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

WIDTHS = {"desk": 1280, "tablet": 768, "phone": 360}
SCHEMES = ("light", "dark")
SHORT = ("quick", "ramp", "hostile")

# Runs in the page, and returns a list of what is wrong.
LOOK = r"""
((width) => {
  // What is too wide widens innerWidth on a phone: it is no measure there.
  const wrong = [];
  const say = (what, element) => wrong.push(
    what + ': ' + (element ? (element.textContent || element.tagName)
      .trim().slice(0, 60) : ''));
  const colour = text => {
    const n = text.match(/[\d.]+/g).map(Number);
    return { r: n[0], g: n[1], b: n[2], a: n.length > 3 ? n[3] : 1 };
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a),
    g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a), a: 1 });
  // WCAG 2.1, relative luminance and contrast ratio.
  const part = c => (c /= 255) <= 0.03928 ? c / 12.92
    : Math.pow((c + 0.055) / 1.055, 2.4);
  const light = c => 0.2126 * part(c.r) + 0.7152 * part(c.g)
    + 0.0722 * part(c.b);
  const contrast = (a, b) => {
    const x = light(a), y = light(b);
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  const behind = element => {
    const chain = [];
    for (let at = element; at; at = at.parentElement)
      chain.unshift(colour(getComputedStyle(at).backgroundColor));
    return chain.reduce((under, top) => over(top, under),
                        { r: 255, g: 255, b: 255, a: 1 });
  };
  const shown = element => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0
      && getComputedStyle(element).clipPath === 'none'
      && element.checkVisibility();
  };
  for (const details of document.querySelectorAll('details'))
    details.open = true;

  const least = { text: 99, mark: 99 };
  const walker = document.createTreeWalker(document.body,
                                           NodeFilter.SHOW_TEXT);
  let n_texts = 0;
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    if (!node.data.trim() || element.tagName === 'title' || !shown(element))
      continue;
    const style = getComputedStyle(element);
    const ink = element instanceof SVGElement ? style.fill : style.color;
    const ratio = contrast(over(colour(ink), behind(element)),
                           behind(element));
    least.text = Math.min(least.text, ratio);
    n_texts++;
    if (ratio < 4.5)
      say('contrast ' + ratio.toFixed(2) + ' of text', element);
    if (parseFloat(style.fontSize) < 12)
      say('text of ' + style.fontSize, element);
    if (!element.closest('.scroll')) {
      const box = element.getBoundingClientRect();
      if (box.left < -0.5 || box.right > width + 0.5)
        say('text beyond the edge', element);
    }
  }
  if (n_texts < 5)
    wrong.push('there is no text');

  // What is drawn must be told from what is behind it.
  for (const mark of document.querySelectorAll(
      '.event, .column, .plot path.line, .plot path.area, .legend rect')) {
    const style = getComputedStyle(mark);
    const ink = mark.classList.contains('column') || mark.tagName === 'rect'
      ? style.fill : style.stroke;
    const ratio = contrast(colour(ink), behind(mark));
    least.mark = Math.min(least.mark, ratio);
    if (ratio < 3)
      say('contrast ' + ratio.toFixed(2) + ' of ' + mark.outerHTML
        .slice(0, 60), null);
  }

  for (const plot of document.querySelectorAll('svg.plot')) {
    if (plot.getBoundingClientRect().width < 150)
      say('a picture is too narrow', plot);
    if (!plot.getAttribute('aria-label'))
      say('a picture has no words', plot);
    const texts = [...plot.querySelectorAll('text')].filter(shown);
    const boxes = texts.map(text => text.getBoundingClientRect());
    for (let i = 0; i < texts.length; i++)
      for (let j = 0; j < i; j++) {
        const a = boxes[i], b = boxes[j];
        if (a.left < b.right && b.left < a.right && a.top < b.bottom - 1
            && b.top < a.bottom - 1)
          wrong.push('text over text: "' + texts[i].textContent + '", "'
            + texts[j].textContent + '" in "'
            + plot.getAttribute('aria-label').slice(0, 40) + '"');
      }
  }
  const wide = document.documentElement.scrollWidth;
  if (wide > width)
    wrong.push('the page is ' + wide + ' wide on ' + width);
  for (const pair of [[document.scripts, 'scripts'],
                      [document.images, 'images'],
                      [document.querySelectorAll('a, iframe, link, object'),
                       'links or frames']])
    if (pair[0].length > 0)
      wrong.push('there are ' + pair[1]);
  for (const element of document.querySelectorAll('[aria-labelledby]'))
    if (!document.getElementById(element.getAttribute('aria-labelledby')))
      say('named by nothing', element);
  for (const table of document.querySelectorAll('table'))
    for (const th of table.querySelectorAll('th'))
      if (!th.hasAttribute('scope'))
        say('a heading of nothing', th);
  return { wrong, least, n_texts,
           n_plots: document.querySelectorAll('svg.plot').length,
           height: document.documentElement.scrollHeight };
})(%d)
"""


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


class Browser:
    """Chromium, spoken to over a pipe: the DevTools protocol."""

    def __init__(self, program, home):
        to_read, self.write_fd = os.pipe()
        self.read_fd, to_write = os.pipe()

        def move():
            # Clear of 3 and 4 first: one of them may be the other's number.
            high = os.dup(to_read), os.dup(to_write)
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-extensions",
                "--hide-scrollbars",
                "--user-data-dir=" + home,
                "--remote-debugging-pipe",
            ],
            preexec_fn=move,
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self.n_sent = 0
        self.buffer = b""
        self.events = []
        self.session = None
        # The one that it opens with may be there later than we are.
        target = self.call("Target.createTarget", url="about:blank")
        self.session = self.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def receive(self):
        while b"\0" not in self.buffer:
            more = os.read(self.read_fd, 1 << 20)
            if not more:
                raise RuntimeError("the browser is gone")
            self.buffer += more
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.n_sent += 1
        message = {"id": self.n_sent, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write_fd, data):]
        while True:
            answer = self.receive()
            if answer.get("id") != self.n_sent:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def wait_for(self, name):
        while True:
            for i, event in enumerate(self.events):
                if event.get("method") == name:
                    return self.events.pop(i)
            self.events.append(self.receive())

    def evaluate(self, script):
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def finish(self):
        os.close(self.write_fd)
        os.close(self.read_fd)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def noises(events, url):
    """What the page asked for, and what it put on the console."""
    for event in events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            if params["request"]["url"].split("#")[0] != url:
                yield "asked for " + params["request"]["url"][:200]
        elif method == "Runtime.exceptionThrown":
            yield "exception: " + str(params)[:200]
        elif method == "Runtime.consoleAPICalled":
            yield "console: " + str(params.get("args"))[:200]
        elif method == "Log.entryAdded":
            yield "console: " + str(params["entry"].get("text"))[:200]
        elif method == "Page.javascriptDialogOpening":
            yield "it opened a dialog"


def look(browser, page, scheme, size, shots):
    url = page.resolve().as_uri()
    width = WIDTHS[size]
    browser.events.clear()
    browser.call(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-color-scheme", "value": scheme}],
    )
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=800,
        deviceScaleFactor=1,
        mobile=size == "phone",
    )
    browser.call("Page.navigate", url=url)
    browser.wait_for("Page.loadEventFired")
    found = browser.evaluate(LOOK % width)
    wrong = found["wrong"] + list(noises(browser.events, url))
    if shots:
        picture = browser.call(
            "Page.captureScreenshot",
            captureBeyondViewport=True,
            clip={
                "x": 0,
                "y": 0,
                "width": width,
                "height": min(found["height"], 6000),
                "scale": 1,
            },
        )
        name = f"{page.stem}-{scheme}-{size}.png"
        (pathlib.Path(shots) / name).write_bytes(
            base64.b64decode(picture["data"])
        )
    return wrong, found


def look_at_all(browser, pages, sizes, shots):
    n_wrong = 0
    for page in pages:
        for scheme in SCHEMES:
            for size in sizes:
                wrong, found = look(browser, page, scheme, size, shots)
                least = found["least"]
                print(
                    f"{page.stem:8} {scheme:5} {size:6} "
                    f"{found['n_plots']:3} pictures, {found['n_texts']:4} "
                    f"texts; contrast at least {least['text']:.1f} of text, "
                    f"{least['mark']:.1f} of marks"
                )
                for what in wrong[:10]:
                    print("    wrong: " + what)
                n_wrong += len(wrong)
    return n_wrong


def main():
    args = sys.argv[1:]
    sizes = list(WIDTHS)
    shots = None
    is_short = args[0] == "--short"
    if is_short:
        args = args[1:]
        sizes.remove("tablet")
    if args[0] == "--shots":
        shots, args = args[1], args[2:]
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        skip("there is no chromium, which Debian has in a package of that name")
    with tempfile.TemporaryDirectory() as folder:
        if args[0].endswith(".html"):
            pages = [pathlib.Path(arg) for arg in args]
        else:
            os.mkdir(folder + "/pages")
            subprocess.run([args[0], folder + "/pages"], check=True)
            pages = sorted(pathlib.Path(folder + "/pages").iterdir())
            if is_short:
                pages = [page for page in pages if page.stem in SHORT]
        browser = Browser(program, folder + "/home")
        try:
            n_wrong = look_at_all(browser, pages, sizes, shots)
        finally:
            browser.finish()
    print(f"{len(pages)} pages, {n_wrong} wrong")
    sys.exit(1 if n_wrong or not pages else 0)


main()
