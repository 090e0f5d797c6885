#!/usr/bin/env python3
"""The pages in a real browser: what a click, a key and a filter do, where a
link leads, how it prints, and what is wrong with contrast and labels, in a wide
and a narrow window, in light and in dark.

usage: page_test.py [CERTIFICATE.JSON...]     default: certificates made up, two
                                              of them as broad as real ones

Needs chromium, chromium-driver and python3-selenium: skipped without them.
Contrast, labels and signs are looked at by accessible.js, always, and by
axe-core if it is in reports/browser/node_modules, see package.json there; with
CPGCERT_AXE=required in the environment it is an error if it is not.
tools/setup --check installs all of it.
"""

import functools
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = None

CHROMIUM = pathlib.Path('/usr/bin/chromium')
DRIVER = pathlib.Path('/usr/bin/chromedriver')
AXE = pathlib.Path('reports/browser/node_modules/axe-core/axe.min.js')
AXE_MAY_LACK = os.environ.get('CPGCERT_AXE') != 'required'
NO_AXE = 'axe-core is not installed: tools/setup --check'
ACCESSIBLE = pathlib.Path('reports/browser/accessible.js')
BYTES_MAX = 3_000_000  # of a page
READY_MS_MAX = 10_000  # until a page answers; for a machine that is busy
LIGHT = [(width, False) for width in (1280, 390)]
# For what depends on colours.
LIGHT_AND_DARK = LIGHT + [(width, True) for width, _ in LIGHT]
SECTIONS = ('matrix', 'requirements', 'failures', 'deviations', 'fuzzing',
            'cases', 'environment')

RENDER = 'reports/render'  # all paths: from the root of the project

PAGES = []  # certificate.html
PLAIN_PAGES = []  # without scripts


def render_pages(certificates, folder):
    """Fills the lists above."""
    for number, certificate in enumerate(certificates):
        names = [folder / f'{number}_{name}.html'
                 for name in ('certificate', 'comparison', 'side_by_side')]
        subprocess.run([RENDER, certificate, *names], check=True)
        PAGES.append(names[0])
        PLAIN_PAGES.extend(names[1:])


def why_not():
    """What is missing, or nothing."""
    if webdriver is None:
        return 'python3-selenium is not installed'
    missing = [str(file) for file in (CHROMIUM, DRIVER) if not file.exists()]
    return ', '.join(missing) + ' is not installed' if missing else ''


def start_browser(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ('--headless=new', '--no-sandbox', '--disable-gpu',
                     '--disable-dev-shm-usage', '--hide-scrollbars',
                     f'--user-data-dir={profile}'):
        options.add_argument(argument)
    options.set_capability('goog:loggingPrefs',
                           {'browser': 'ALL', 'performance': 'ALL'})
    service = webdriver.chrome.service.Service(str(DRIVER))
    return webdriver.Chrome(options=options, service=service)


def everywhere(pages=PAGES, windows=LIGHT):
    """Does the test for each page in each window, and finds no errors."""

    def decorate(test):
        @functools.wraps(test)
        def each(self):
            for page, (width, dark) in itertools.product(pages, windows):
                with self.subTest(page=page.name, width=width, dark=dark):
                    self.page = page
                    self.adjust(width, dark)
                    self.open('')
                    test(self)
                    self.expect_no_errors()
        return each
    return decorate


@unittest.skipIf(why_not(), why_not())
class PageTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.profile = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.profile.cleanup)
        cls.browser = start_browser(cls.profile.name)
        cls.addClassCleanup(cls.browser.quit)
        cls.browser.set_script_timeout(300)  # seconds; axe-core takes some

    def adjust(self, width, dark):
        self.width = width
        self.dark = dark
        run = self.browser.execute_cdp_cmd
        run('Emulation.setDeviceMetricsOverride', {
            'width': width, 'height': 900, 'deviceScaleFactor': 1,
            'mobile': width < 600})
        run('Emulation.setEmulatedMedia', {'features': [
            {'name': 'prefers-color-scheme',
             'value': 'dark' if dark else 'light'}]})

    def open(self, link):
        self.browser.get('about:blank')
        self.browser.get(self.page.resolve().as_uri() + link)

    def find(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def first(self, selector):
        found = self.find(selector)
        self.assertTrue(found, selector)
        return found[0]

    def click(self, selector):
        element = self.first(selector)
        self.browser.execute_script(
            'arguments[0].scrollIntoView({block: "center"})', element)
        element.click()
        self.settled('null')

    def settled(self, script, *arguments):
        """The value of an expression after the page has drawn itself."""
        return self.browser.execute_async_script(
            'const done = arguments[arguments.length - 1];'
            'requestAnimationFrame(() => setTimeout(() => done('
            f'(function () {{ return {script}; }}).apply(null, arguments))));',
            *arguments)

    def expect_no_errors(self):
        # Chromium's own first page has something to say too.
        self.assertEqual([entry for entry in self.browser.get_log('browser')
                          if not entry['message'].startswith('chrome:')], [])
        for entry in self.browser.get_log('performance'):
            if '"Network.requestWillBeSent"' in entry['message']:
                self.assertNotIn('"url":"http', entry['message'])

    @everywhere()
    def test_stays_within_the_window(self):
        self.expect_within_window()

    @everywhere(PLAIN_PAGES)
    def test_plain_pages_stay_within_the_window(self):
        self.expect_within_window()

    def expect_within_window(self):
        # A phone makes its window wider for a page that does not fit.
        self.assertLessEqual(
            self.settled('document.documentElement.scrollWidth'), self.width)

    @everywhere()
    def test_is_one_small_file_that_answers_soon(self):
        self.assertLess(self.page.stat().st_size, BYTES_MAX)
        self.assertEqual(self.settled(
            'performance.getEntriesByType("resource").length'), 0)
        self.assertLess(self.settled(
            'performance.getEntriesByType("navigation")[0].loadEventEnd'),
                        READY_MS_MAX)

    @everywhere()
    def test_on_paper_every_failure_is_open(self):
        failures = self.settled(
            '(document.querySelector("#failures h2") || {}).textContent || ""')
        self.browser.execute_cdp_cmd('Page.printToPDF', {})
        opened = self.find('#failures > details[open]')
        self.assertEqual(len(opened), int(failures.split()[1])
                         if failures else 0)
        self.assertEqual(self.find('#failures > details:not([open])'), [])

    @everywhere()
    def test_every_section_that_is_named_is_there(self):
        links = [link.get_attribute('href').split('#')[1]
                 for link in self.find('nav a')]
        self.assertTrue(set(links) <= set(SECTIONS), links)
        self.assertIn('requirements', links)
        for link in links:
            self.assertEqual(len(self.find(f'section#{link}')), 1, link)

    @everywhere()
    def test_a_cell_opens_down_to_what_was_done_owed_and_seen(self):
        if not self.has_matrix():
            return
        self.click('#matrix .cell')
        self.click('#matrix .inset .chip')
        self.click('#matrix .inset summary')
        headings = [heading.text for heading in self.find(
            '#matrix .inset details .body .label')]
        for heading in ('Done', 'Owed', 'Seen'):
            self.assertIn(heading, headings)
        self.expect_within_window()
        self.click('#matrix .cell[aria-expanded="true"]')
        self.assertEqual(self.find('#matrix .inset'), [])

    @everywhere()
    def test_names_of_rows_stay_in_sight(self):
        if not self.has_matrix():
            return
        self.browser.execute_script(
            'document.querySelector("#matrix .scroll").scrollLeft = 1000;'
            'document.querySelector("#matrix tbody th").scrollIntoView()')
        for column in (.1, .5, .9):
            self.assertTrue(self.settled(
                '(function (name) { const box = name.getBoundingClientRect();'
                'return name.contains(document.elementFromPoint('
                'box.left + arguments[0] * box.width,'
                'box.top + box.height / 2)); }).call(null, '
                'document.querySelector("#matrix tbody th"))'
                .replace('arguments[0]', str(column))), column)

    def has_matrix(self):
        """Whether there is one; as the data have it, or it is an error."""
        data = json.loads(self.settled(
            'document.getElementById("data").textContent'))
        wanted = any(case.get('cell') for case in data['cases'])
        self.assertEqual(len(self.find('section#matrix')), int(wanted))
        return wanted

    @everywhere()
    def test_the_keyboard_alone_reaches_and_opens_everything(self):
        if self.has_matrix():
            self.expect_key_to_open('#matrix .cell', '#matrix .inset')
            self.expect_key_to_open('#matrix .inset .chip',
                                    '#matrix .inset summary')
            self.expect_key_to_open('#matrix .inset summary',
                                    '#matrix .inset details[open] .body')
        everything = self.shown()
        self.press_tab_until('#requirements select')
        for _ in range(2):  # the first says "not passed", and may find none
            self.press(Keys.ARROW_DOWN)
        self.settled('null')
        self.assertTrue(self.shown())
        for _ in range(2):
            self.press(Keys.ARROW_UP)
        self.assertEqual(self.shown(), everything)
        self.expect_key_to_open('#requirements summary',
                                '#requirements details[open] .body')

    def press(self, key):
        webdriver.ActionChains(self.browser).send_keys(key).perform()

    def expect_key_to_open(self, selector, opened):
        self.press_tab_until(selector)
        self.assertNotEqual(self.settled(
            'getComputedStyle(document.activeElement).outlineStyle'), 'none')
        self.press(Keys.ENTER)
        self.settled('null')
        self.assertTrue(self.find(opened), opened)

    def press_tab_until(self, selector):
        """From where it is, onwards."""
        for _ in range(300):
            self.press(Keys.TAB)
            if self.browser.execute_script(
                    'return document.activeElement.matches(arguments[0])',
                    selector):
                return
        self.fail(f'no key leads to {selector}')

    def shown(self):
        return self.settled(
            '[...document.querySelectorAll("details.requirement")].map('
            '(one) => one.id)')

    @everywhere()
    def test_filters_leave_what_matches(self):
        everything = self.shown()
        wanted = everything[len(everything) // 2]
        text = self.first('#requirements input')
        text.send_keys(wanted.removeprefix('requirement-'))
        self.assertIn(wanted, self.shown())
        text.send_keys(' there is no such word')
        self.assertEqual(self.shown(), [])
        self.assertRegex(self.first('#requirements [role=status]').text,
                         r'^0 of \d+ requirement')
        text.send_keys(Keys.CONTROL, 'a', Keys.BACKSPACE)
        for choice in range(1, 5):
            self.expect_choices_to_part(everything, choice)

    def expect_choices_to_part(self, everything, number):
        """The choices of a list, but the first two, part what there is."""
        box = self.find('#requirements label')[number]
        options = box.find_elements(By.TAG_NAME, 'option')
        seen = []
        for option in options[2 if number == 1 else 1:]:
            option.click()
            chosen = self.shown()
            self.assertTrue(chosen)
            seen += chosen
        options[0].click()
        self.assertEqual(sorted(seen), sorted(everything))

    @everywhere()
    def test_filters_act_together(self):
        everything = self.settled(
            '[...document.querySelectorAll("#requirements details")].map('
            '(one) => [one.id, one.querySelector(".tag").textContent])')
        tier = self.find('#requirements label')[2]
        tier.find_elements(By.TAG_NAME, 'option')[1].click()
        name = tier.find_elements(By.TAG_NAME, 'option')[1].text
        self.first('#requirements input').send_keys(
            everything[0][0].removeprefix('requirement-')[:1])
        shown = self.shown()
        tags = dict(everything)
        self.assertTrue(all(name in tags[one] for one in shown), shown)

    @everywhere()
    def test_a_filter_ends_the_view_of_one_case(self):
        self.click('#cases summary')
        self.click('#cases details[open] .body > p:last-child a')
        self.assertEqual(len(self.find('#cases > details')), 1)
        count = self.first('#cases [role=status]').text
        self.first('#cases input').send_keys('/')
        self.assertGreaterEqual(len(self.find('#cases > details')), 1)
        self.assertNotEqual(self.first('#cases [role=status]').text, count)

    @everywhere()
    def test_a_link_that_was_followed_leads_there_again(self):
        self.click('#cases summary')
        link = '#cases details[open] .body > p:last-child a'
        self.click(link)
        self.click('#cases > button')
        self.assertGreater(len(self.find('#cases > details')), 1)
        self.click(link)
        self.assertEqual(len(self.find('#cases > details')), 1)

    @everywhere()
    def test_back_returns_to_the_requirement(self):
        self.open('#requirement=' +
                  self.shown()[0].removeprefix('requirement-'))
        wanted = self.shown()[0]
        self.click('#requirements details[open] .cases a')
        self.assertIn('#case=', self.browser.current_url)
        self.browser.back()
        self.expect_opened(wanted)

    @everywhere()
    def test_a_link_to_a_requirement_opens_it(self):
        wanted = self.shown()[-1]
        self.open('#requirement=' + wanted.removeprefix('requirement-'))
        self.expect_opened(wanted)

    @everywhere()
    def test_a_link_to_a_case_opens_it(self):
        name = self.first('#cases details .name').text
        self.click('#cases summary')
        link = [one.get_attribute('href') for one in self.find(
            '#cases details[open] .body a') if '#case=' in
                one.get_attribute('href')][-1]
        self.open('#' + link.split('#')[1])
        self.assertEqual(
            [one.text for one in self.find('#cases details .name')], [name])
        self.expect_opened(
            self.first('#cases details').get_attribute('id'))

    def expect_opened(self, wanted):
        """It is open, in sight, and where the keyboard goes on."""
        is_open, top, focused = self.settled(
            '(function (one) { return [one.open, one.getBoundingClientRect()'
            '.top, document.activeElement.parentNode.id]; })('
            'document.getElementById(arguments[0]))', wanted)
        self.assertTrue(is_open)
        self.assertTrue(-1 <= top <= 900, top)
        self.assertEqual(focused, wanted)

    def test_a_case_with_a_trace_says_how_to_print_it(self):
        digest = '0123456789abcdef' * 4
        for trace in (digest, ''):
            self.page = PAGES[0].with_name('trace.html')
            self.page.write_text(PAGES[0].read_text().replace(
                '"ms":', f'"trace":"{trace}","ms":'))
            self.open('')
            self.click('#cases summary')
            text = self.first('#cases details[open] .body').text
            for wanted in ('Trace', './certify trace DIR '):
                self.assertEqual(wanted in text, bool(trace), text)
        self.expect_no_errors()

    @everywhere()
    def test_a_link_that_leads_nowhere_does_no_harm(self):
        for link in ('#case=none', '#requirement=%E0%A4', '#nowhere'):
            self.open(link)
            self.assertTrue(self.shown())
            lost = self.first('#link-lost').text
            self.assertEqual(link in lost, '=' in link, lost)

    @everywhere(windows=LIGHT_AND_DARK)
    def test_nothing_is_inaccessible(self):
        self.open_one_of_each()
        self.expect_accessible()

    @everywhere(PLAIN_PAGES, LIGHT_AND_DARK)
    def test_nothing_is_inaccessible_on_plain_pages(self):
        self.expect_accessible()

    def expect_accessible(self):
        self.assertEqual(self.browser.execute_script(
            ACCESSIBLE.read_text() + 'return whatIsInaccessible();'), [])

    def test_what_is_inaccessible_is_found(self):
        self.browser.get(
            'data:text/html,<body><p style="color: %23999">faint</p>'
            '<button></button><input><p class="verdict">pass</p>'
            '<i id="a"></i><i id="a"></i>')
        found = self.browser.execute_script(
            ACCESSIBLE.read_text() + 'return whatIsInaccessible();')
        self.assertEqual([text.split(':')[0] for text in found],
                         ['contrast 2.85', 'no name', 'no name',
                          'says it by colour alone',
                          'not the only one of its id'])

    @everywhere(windows=LIGHT_AND_DARK)
    @unittest.skipIf(AXE_MAY_LACK and not AXE.exists(), NO_AXE)
    def test_axe_finds_nothing(self):
        self.open_one_of_each()
        self.expect_axe_finds_nothing()

    def open_one_of_each(self):
        """Where there is one."""
        for selector in ('#matrix .cell.known, #matrix .cell.bad',
                         '#matrix .inset .chip.known, #matrix .inset '
                         '.chip', '#matrix .inset summary',
                         '#requirements summary', '#cases summary',
                         '#deviations summary', '#failures summary',
                         '#fuzzing summary', '#words summary'):
            if self.find(selector):
                self.click(selector)

    @everywhere(PLAIN_PAGES, LIGHT_AND_DARK)
    @unittest.skipIf(AXE_MAY_LACK and not AXE.exists(), NO_AXE)
    def test_axe_finds_nothing_on_plain_pages(self):
        self.expect_axe_finds_nothing()

    def expect_axe_finds_nothing(self):
        self.browser.execute_cdp_cmd('Page.setBypassCSP',
                                     {'enabled': True})
        self.browser.execute_script(AXE.read_text())
        options = {'resultTypes': ['violations']}
        if self.dark:  # The rest is as it was in the light.
            options['runOnly'] = ['color-contrast']
        found = self.browser.execute_async_script(
            'axe.run(document, arguments[0]).then('
            'arguments[arguments.length - 1])', options)
        self.assertEqual([
            (violation['id'], violation['help'], node['html'][:200],
             node['failureSummary'])
            for violation in found['violations']
            for node in violation['nodes']], [])


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as temporary:
        if not why_not():
            render_pages(sys.argv[1:] or ['--full', '--hostile', '--defective',
                                          '--sound'],
                         pathlib.Path(temporary))
        program = unittest.main(argv=sys.argv[:1], verbosity=2, exit=False)
    sys.exit(not program.result.wasSuccessful())
