"""What the browser tests stand on: the program, its server, a browser, and numbers read back from charts."""
import json
import math
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

from playwright.sync_api import Page, sync_playwright

PROGRAM = os.environ["EVENFLOW"]
PATIENCE = 60_000  # milliseconds; only a page that hangs takes so long


def evenflow(folder, *arguments):
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def new_network(folder, name, activation, initializer, optimizer):
    evenflow(
        folder, "new", name, "--input", 2, "--hidden", "16x12", "--activation", activation, "--initializer", initializer,
        "--output", 1, "--output-activation", "sigmoid", "--loss", "binary_crossentropy", "--metrics", "accuracy",
        "--optimizer", optimizer, "--learning-rate", 0.01,
    )  # fmt: skip


class Server:
    """`evenflow serve`, from its first line to its end."""

    def __init__(self, folder, port=0):
        self.process = subprocess.Popen(
            [PROGRAM, "serve", str(folder), "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        if found is None:
            raise AssertionError(f"evenflow serve says {line!r} {self.process.stdout.read()}")
        self.url, self.port = found.group(0), int(found.group(1))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


class Record:
    """The SQLite file that a run wrote: what charts are compared with."""

    def __init__(self, path):
        self.path = path

    def rows(self, query, *parameters):
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        try:
            return connection.execute(query, parameters).fetchall()
        finally:
            connection.close()


class BrowserTest(unittest.TestCase):
    """A folder with two finished runs, a server for it, and a page whose console must stay clean."""

    scheme = "light"

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="evenflow-browser-")
        cls.folder = pathlib.Path(cls.temporary.name)
        new_network(cls.folder, "deep.keras", "sigmoid", "glorot_uniform", "sgd")
        new_network(cls.folder, "good.keras", "relu", "he_normal", "adam")
        for name in ("deep", "good"):
            evenflow(cls.folder, "train", f"{name}.keras", "--data", "circles:samples=400", "--epochs", 8, "--quiet",
                     "--statistics", "full", "--statistics-interval", 4, "--record", f"{name}.run")  # fmt: skip
        cls.server = Server(cls.folder)
        cls.playwright = sync_playwright().start()
        cls.browser = cls.playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.playwright.stop()
        cls.server.stop()
        cls.temporary.cleanup()

    def setUp(self):
        self.complaints = []
        self.expected = []  # complaints that the test provokes, as parts of their text
        self.page = self.new_page()

    def tearDown(self):
        self.page.context.close()
        left = [one for one in self.complaints if not any(part in one for part in self.expected)]
        self.assertEqual([], left, "the browser's console is not clean")

    def new_page(self, width=1360, height=900, scheme="light"):
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def hear(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} {message.location['url']}")

    def until(self, script, argument=None):
        """Waits for a true answer. (The page's policy forbids eval, which Playwright's own waiting for a function needs.)"""
        end = time.monotonic() + PATIENCE / 1000
        while not self.page.evaluate(script, argument):
            self.assertLess(time.monotonic(), end, f"waited in vain for {script}")
            self.page.wait_for_timeout(50)

    def open(self, address, page=None):
        (page or self.page).goto(self.server.url + address)

    def values(self, chart, run=None):
        """The numbers that a chart holds, as its figure tells them."""
        which = f'[data-chart="{chart}"]' + ("" if run is None else f'[data-run="{run}"]')
        self.page.wait_for_selector(which, state="attached")
        return self.page.eval_on_selector(which, "figure => figure.values()")

    def rows(self, chart, run=None):
        return self.values(chart, run)["rows"]

    def assert_same(self, expected, shown):
        """Tables that agree in every cell, numbers up to the digits that JSON and logarithms cost."""
        self.assertEqual(len(expected), len(shown))
        for one, other in zip(expected, shown):
            self.assertEqual(len(one), len(other))
            for a, b in zip(one, other):
                if isinstance(a, (int, float)) and isinstance(b, (int, float)):
                    self.assertTrue(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9), f"{one} became {other}")
                else:
                    self.assertEqual(a, b, f"{one} became {other}")

    def picture(self, name, page: Page = None, full=True):
        folder = os.environ.get("EVENFLOW_SCREENSHOTS")
        if folder is None:
            return
        page = page or self.page
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        size = page.viewport_size
        if full:  # charts are drawn when they come into view
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": size["width"], "height": min(height, 12000)})
            page.wait_for_timeout(500)
        page.screenshot(path=os.path.join(folder, f"{name}.png"))
        page.set_viewport_size(size)


def embedded(path):
    """The report's JSON inside its page."""
    text = pathlib.Path(path).read_text()
    return json.loads(re.search(r'id="evenflow-data">(.*?)</script>', text, re.DOTALL).group(1))


def log10(value):
    return None if value is None else ("-Infinity" if value == 0 else math.log10(value))
