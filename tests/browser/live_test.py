"""The live page: runs that appear and grow, and what the page says when something is wrong."""
import signal
import subprocess

import bench
from bench import PROGRAM, Record, Server

STEP = """() => Number([...document.querySelectorAll('.facts div')]
    .find(one => one.firstChild.textContent === 'step')?.lastChild.textContent ?? 0)"""


class Live(bench.BrowserTest):
    def train(self, record):
        """A training that lasts until it is interrupted."""
        process = subprocess.Popen(
            [PROGRAM, "train", "deep.keras", "--data", "circles:samples=400", "--epochs", "1000000", "--quiet",
             "--record", record, "-o", "live.keras"],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.addCleanup(lambda: (process.poll() is None and process.kill(), process.wait()))
        return process

    def test_a_run_appears_grows_and_ends(self):
        self.open("#/")
        self.page.wait_for_selector('tr[data-run="deep.run"]')
        self.assertEqual(0, self.page.locator('tr[data-run="live.run"]').count())
        process = self.train("live.run")
        row = self.page.locator('tr[data-run="live.run"]')
        row.locator(".state.running").wait_for()
        row.get_by_role("link").click()

        self.page.wait_for_selector(".state.running")
        self.page.wait_for_selector('figure[data-chart="loss"] svg')
        first = self.page.evaluate(STEP)
        self.page.evaluate("window.scrollTo(0, 300)")
        drawn = self.page.query_selector('figure[data-chart="heat-map"]')
        self.until(f"({STEP})() > {first}")
        second = self.page.evaluate(STEP)
        self.until(f"({STEP})() > {second}")
        self.assertTrue(drawn.evaluate("figure => figure.isConnected"), "the figure was made anew")
        self.assertEqual(300, self.page.evaluate("window.scrollY"), "the page scrolled by itself")
        self.picture("live", full=False)

        process.send_signal(signal.SIGINT)
        process.wait()
        self.page.wait_for_selector(".state.finished")
        # Long runs are thinned: what is shown is recorded.
        recorded = dict(Record(self.folder / "live.run").rows("SELECT step, loss FROM steps"))
        shown = self.rows("loss")
        self.assertGreater(len(shown), 10)
        self.assert_same([(step, recorded[step]) for step, _ in shown], shown)

    def test_a_run_that_is_not_there(self):
        self.expected = ["Failed to load resource"]
        self.open("#/run/nowhere.run")
        self.assertIn("nowhere.run", self.page.inner_text("[role=alert]"))

    def test_an_address_that_is_none(self):
        self.open("#/nothing")
        self.assertIn("There is no page", self.page.inner_text("[role=alert]"))

    def test_lost_connection_is_said_and_mended(self):
        self.expected = ["Failed to load resource", "net::ERR"]
        server = Server(self.folder)
        self.page.goto(server.url)
        self.page.wait_for_selector('tr[data-run="deep.run"]')
        server.stop()
        self.page.wait_for_selector(".banner:has-text('connection')")
        again = Server(self.folder, server.port)
        self.addCleanup(again.stop)
        self.page.wait_for_selector(".banner", state="hidden")

    def test_lessons(self):
        self.open("#/learn")
        self.page.get_by_role("link", name="vanishing gradient", exact=True).click()
        self.assertIn("anish", self.page.inner_text("article.lesson"))

    def test_keyboard_reaches_a_run(self):
        self.open("#/")
        self.page.wait_for_selector('tr[data-run="deep.run"]')
        for _ in range(20):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.getAttribute('href')") == "#/run/deep.run":
                break
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("h1:has-text('deep.run')")


