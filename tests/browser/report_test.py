"""The report in a file, and the same views from the server: every chart holds what was recorded."""
import re

import bench
from bench import Record, embedded, evenflow, log10


class Report(bench.BrowserTest):
    def setUp(self):
        super().setUp()
        self.record = Record(self.folder / "deep.run")

    def open_report(self, *runs):
        path = self.folder / "report.html"
        evenflow(self.folder, "report", *runs, "-o", path)
        self.page.goto(path.as_uri())
        return embedded(path)

    def check_against_record(self, record, run=None):
        rows = record.rows
        self.assert_same(rows("SELECT step, loss FROM steps ORDER BY step"), self.rows("loss", run))
        norms = rows("SELECT step, global_norm FROM steps ORDER BY step")
        self.assert_same([(step, log10(norm)) for step, norm in norms], self.rows("global-norm", run))
        heat = rows(
            "SELECT name, step, gradient_norm FROM parameter_history JOIN parameters USING (name)"
            " WHERE name LIKE '%/kernel' ORDER BY parameters.parameter, step"
        )
        self.assertGreater(len(heat), 100)
        self.assert_same([(name, step, log10(norm)) for name, step, norm in heat], self.rows("heat-map", run))
        for metric in ("loss", "accuracy"):
            epochs = rows("SELECT epoch + 1, 'training', value FROM epochs WHERE name = ? ORDER BY epoch", metric)
            self.assert_same(epochs, self.rows(f"epochs-{metric}", run))
        last = rows("SELECT max(step) FROM steps")[0][0]
        ratios = rows(
            "SELECT layer, 'last step', update_ratio FROM parameter_steps JOIN parameters USING (parameter)"
            " WHERE step = ? AND name LIKE '%/kernel' ORDER BY parameter",
            last,
        )
        shown = [row for row in self.rows("update-ratio", run) if row[1] == "last step"]
        self.assert_same([(layer, when, log10(ratio)) for layer, when, ratio in ratios], shown)

    def test_report_holds_the_record(self):
        document = self.open_report("deep.run")
        self.check_against_record(self.record)
        run = document["runs"][0]
        self.assertIn(run["verdict"][0], self.page.inner_text("main"))
        rules = [name for (name,) in self.record.rows("SELECT DISTINCT rule FROM findings")]
        self.assertIn("vanishing-gradient", rules)
        cards = self.page.locator("article.finding strong").all_inner_texts()
        self.assertEqual([finding["rule"] for finding in run["findings"]], cards)

    def test_exponents_are_the_sum_over_parameters(self):
        document = self.open_report("good.run")
        sums = {}
        for parameter in document["runs"][0]["parameters"]:
            for i, count in enumerate(parameter["exponents"]["counts"]):
                if count > 0:
                    exponent = parameter["exponents"]["first"] + i
                    sums[exponent] = sums.get(exponent, 0) + count
        self.assert_same(sorted(sums.items()), self.rows("exponents"))

    def test_every_chart_is_drawn_and_has_words(self):
        self.open_report("deep.run")
        figures = self.page.locator("figure[data-chart]")
        self.assertGreaterEqual(figures.count(), 6)
        for i in range(figures.count()):
            figure = figures.nth(i)
            figure.scroll_into_view_if_needed()
            figure.locator(".stage svg").first.wait_for()
            marks = figure.locator(".stage svg :is(path, circle, rect, image)").count()
            self.assertGreater(marks, 0, figure.get_attribute("data-chart"))
            self.assertGreater(len(figure.locator("[role=img]").get_attribute("aria-label")), 20)

    def test_numbers_open_as_a_table(self):
        self.open_report("deep.run")
        figure = self.page.locator('figure[data-chart="loss"]')
        figure.locator("summary").click()
        first = figure.locator("tbody tr").first.locator("td").all_inner_texts()
        self.assertEqual("1", first[0])
        self.assertAlmostEqual(self.record.rows("SELECT loss FROM steps WHERE step = 1")[0][0], float(first[1]), places=2)

    def test_the_file_asks_for_nothing(self):
        requests = []
        self.page.on("request", lambda request: requests.append(request.url))
        self.open_report("deep.run", "good.run")
        self.page.wait_for_selector('figure[data-chart="compare-loss"] svg')
        self.assertEqual([], [url for url in requests if not url.startswith(("file:", "data:", "blob:"))])

    def test_server_shows_the_same(self):
        self.open("#/run/deep.run")
        self.check_against_record(self.record)
        self.assertEqual("finished", self.page.inner_text(".state"))

    def test_two_runs_compare(self):
        self.open("#/")
        for name in ("deep.run", "good.run"):
            self.page.get_by_label(f"compare {name}").check()
        self.page.get_by_role("button", name="Compare 2 runs").click()
        self.page.wait_for_url(re.compile("#/compare/"))
        shown = self.rows("compare-loss")
        for name in ("deep.run", "good.run"):
            losses = Record(self.folder / name).rows("SELECT step, loss FROM steps ORDER BY step")
            self.assert_same(losses, [row[1:] for row in shown if row[0] == name])
            self.check_against_record(Record(self.folder / name), run=name)
        depth = [row for row in self.rows("compare-depth") if row[0] == "deep.run"]
        self.assertLess(depth[0][2], depth[-1][2] - 5)

    def test_pictures(self):
        for name, address in (("runs", "#/"), ("run", "#/run/deep.run"), ("compare", "#/compare/deep.run,good.run")):
            for look, width, scheme in (("light", 1360, "light"), ("dark", 1360, "dark"), ("phone", 390, "light")):
                with self.subTest(name=name, look=look):
                    page = self.new_page(width=width, scheme=scheme)
                    self.open(address, page)
                    page.wait_for_selector("main :is(table.runs, figure svg)")
                    self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), width, "scrolls sideways")
                    self.picture(f"{name}-{look}", page)
                    page.context.close()
