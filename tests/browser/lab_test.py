"""The lab: sliders move the curve, training moves the boundary, a link shows the same again."""
import json
import subprocess
import urllib.request

import bench

FLOW = '[data-chart="lab-flow"]'


class Lab(bench.BrowserTest):
    def open_lab(self, state=""):
        self.open("#/lab" + state)
        self.page.wait_for_selector(f"{FLOW} svg")

    def control(self, key):
        return self.page.locator(f'[data-control="{key}"]')

    def move(self, key, value):
        """As a hand moves a slider: a value, and the event of it."""
        self.control(key).evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', {bubbles: true})); }", value
        )

    def wait_for_layers(self, count):
        self.until(f"document.querySelector('{FLOW}')?.values().rows.length === {count}")

    def answer(self, path):
        with urllib.request.urlopen(self.server.url + path) as answer:
            return json.load(answer)

    def state(self):
        return self.page.evaluate("location.hash.split('?')[1]")

    def test_flow_is_the_servers_probe(self):
        self.open_lab()
        check = self.answer("api/lab/probe?" + self.state())["check"]
        layers = {layer["name"]: layer for layer in check["layers"]}
        path = [layers[name] for name in check["flow"]["path"]]
        last = path[-1]["log10_pre_activation_norm"]
        expected = [(one["name"], one["log10_pre_activation_norm"] - last, one["predicted_decades"]) for one in path]
        self.assert_same(expected, [row[:3] for row in self.rows("lab-flow")])

    def test_a_slider_changes_the_curve_the_words_and_the_address(self):
        self.open_lab()
        before = self.rows("lab-flow")
        words = self.page.inner_text(".middle .lead")
        self.move("depth", 7)
        self.wait_for_layers(8)
        self.assertNotEqual(before, self.rows("lab-flow"))
        self.assertIn("depth=7", self.page.url)
        self.until("words => document.querySelector('.middle .lead').textContent !== words", words)

    def test_an_activation_is_chosen(self):
        self.open_lab()
        self.control("activation").select_option("relu")
        self.control("initializer").select_option("he_normal")
        self.until(f"Math.abs(document.querySelector('{FLOW}').values().rows[0][1]) < 4")
        self.assertIn("activation=relu", self.page.url)

    def test_moving_the_weight_scale_chooses_its_initializer(self):
        self.open_lab()
        self.move("weight_variance", 1)
        self.assertEqual("variance_scaling", self.control("initializer").input_value())
        self.assertIn("weight_variance=10", self.page.url)

    def test_presets_do_what_they_say(self):
        self.open_lab()
        first = f"document.querySelector('{FLOW}').values().rows[0][1]"
        for name, condition in (("flows", f"Math.abs({first}) < 2"), ("explodes", f"{first} > 4"), ("vanishes", f"{first} < -6")):
            self.page.get_by_role("button", name=name).click()
            self.until(condition)

    def test_a_link_shows_the_same(self):
        self.open_lab("?depth=9&width=17&activation=tanh&initializer=lecun_normal&seed=5&learning_rate=0.03")
        self.wait_for_layers(10)
        rows, words, link = self.rows("lab-flow"), self.page.inner_text(".middle .lead"), self.page.url
        self.page = self.new_page()
        self.page.goto(link)
        self.wait_for_layers(10)
        self.assertEqual(rows, self.rows("lab-flow"))
        self.assertEqual(words, self.page.inner_text(".middle .lead"))
        self.assertEqual("tanh", self.control("activation").input_value())
        self.assertEqual("5", self.control("seed").input_value())

    def test_training_moves_boundary_and_loss(self):
        self.open_lab("?depth=4&width=16&activation=relu&initializer=he_normal&optimizer=adam&learning_rate=0.01&epochs=40")
        plane = "document.querySelector('[data-chart=\"lab-boundary\"]')"
        self.page.get_by_role("button", name="Train").click()
        self.until(f"{plane}.values().boundary !== null")
        before = self.page.evaluate(f"{plane}.values().boundary.values")
        self.until(f"(before) => {plane}.values().boundary.values.some((v, i) => v !== before[i])", before)
        self.page.wait_for_selector(".status strong")
        losses = [loss for _, loss in self.rows("lab-loss")]
        self.assertLess(losses[-1], losses[0])
        layers = {name for name, _, _ in self.rows("lab-heat-map")}
        self.assertEqual(5, len(layers))
        size = self.page.evaluate(f"{plane}.values().boundary.size")
        after = self.page.evaluate(f"{plane}.values().boundary.values")
        self.assertEqual(size * size, len(after))
        self.assertGreater(max(after) - min(after), 0.9, "the classes are not told apart")
        inks = f"""() => {{ const {{width, height}} = {plane};
            const data = {plane}.getContext('2d').getImageData(0, 0, width, height).data;
            return new Set(new Uint32Array(data.buffer)).size; }}"""
        self.assertGreater(self.page.evaluate(inks), 50, "nothing is painted")

    def test_stop(self):
        self.open_lab("?epochs=1000")
        self.page.get_by_role("button", name="Train").click()
        self.page.wait_for_selector('[data-chart="lab-loss"] svg')
        self.page.get_by_role("button", name="Stop").click()
        self.page.wait_for_selector(".status:has-text('stopped')")
        steps = len(self.rows("lab-loss"))
        self.page.wait_for_timeout(500)
        self.assertEqual(steps, len(self.rows("lab-loss")))

    def test_a_lesson_stands_beside_a_control(self):
        self.open_lab()
        self.page.get_by_role("button", name="What is activation?").click()
        card = self.page.get_by_role("dialog", name="About activation")
        card.get_by_text("slope f (1 - f)").wait_for()
        self.page.keyboard.press("Escape")
        card.wait_for(state="hidden")

    def test_export_gives_file_program_and_command(self):
        self.open_lab("?depth=3&width=8")
        self.page.get_by_text("Take it with you").click()
        command = self.page.locator('[data-export="command"] pre').inner_text()
        self.assertIn("--hidden 8x3", command)
        self.assertIn("keras", self.page.locator('[data-export="code"] pre').inner_text())
        with self.page.expect_download() as download:
            self.page.get_by_text("Download lab.keras").click()
        path = self.folder / "downloaded.keras"
        download.value.save_as(path)
        info = subprocess.run([bench.PROGRAM, "info", path], check=True, capture_output=True, text=True).stdout
        self.assertEqual(4, info.count("Dense"), info)

    def test_a_state_that_is_wrong_is_refused_in_words(self):
        self.expected = ["Failed to load resource"]
        self.open("#/lab?activation=rel")
        self.assertIn("rel", self.page.inner_text("[role=alert]"))

    def test_every_control_has_a_name(self):
        self.open_lab()
        unnamed = self.page.evaluate(
            "[...document.querySelectorAll('input, select, button')].filter(one => !one.labels?.length"
            " && !one.textContent.trim() && !one.getAttribute('aria-label')).map(one => one.outerHTML)"
        )
        self.assertEqual([], unnamed)

    def test_pictures(self):
        for look, width, scheme in (("light", 1360, "light"), ("dark", 1360, "dark"), ("phone", 390, "light")):
            with self.subTest(look=look):
                page = self.new_page(width=width, scheme=scheme)
                self.open("#/lab", page)
                page.wait_for_selector(f"{FLOW} svg")
                self.picture(f"lab-{look}", page)
                self.open("#/lab?depth=4&activation=relu&initializer=he_normal&optimizer=adam&learning_rate=0.01&epochs=30", page)
                page.get_by_role("button", name="Train").click()
                page.wait_for_selector(".status strong")
                self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), width, "scrolls sideways")
                self.picture(f"lab-trained-{look}", page)
                page.context.close()
