#!/usr/bin/env python3
"""The pages in a real browser: what a click opens, where a link leads, and what
axe-core says of contrast and labels, in a wide and a narrow window, in light
and in dark.

usage: page_test.py [CERTIFICATE.JSON...]     default: certificates made up

Needs chromium, chromium-driver and python3-selenium: skipped without them.
Looks with axe-core if it is in reports/browser/node_modules, see package.json
there. tools/setup --check installs all of it.
"""

import contextlib
import functools
import itertools
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
NO_AXE = 'axe-core is not installed: tools/setup --check'
WINDOWS = [(width, dark) for width in (1280, 390) for dark in (False, True)]
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


def everywhere(pages=PAGES):
    """Does the test for each page in each window, and finds no errors."""

    def decorate(test):
        @functools.wraps(test)
        def each(self):
            for page, (width, dark) in itertools.product(pages, WINDOWS):
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
    def test_every_section_that_is_named_is_there(self):
        links = [link.get_attribute('href').split('#')[1]
                 for link in self.find('nav a')]
        self.assertTrue(set(links) <= set(SECTIONS), links)
        self.assertIn('requirements', links)
        for link in links:
            self.assertEqual(len(self.find(f'section#{link}')), 1, link)

    @everywhere()
    def test_a_cell_opens_down_to_what_was_done_owed_and_seen(self):
        if not self.find('#matrix'):
            return
        self.click('#matrix .cell')
        self.click('#matrix .inset .chip')
        self.click('#matrix .inset summary')
        headings = [heading.text for heading in self.find(
            '#matrix .inset details .body .label')]
        for heading in ('Done', 'Owed', 'Seen'):
            self.assertIn(heading, headings)
        self.click('#matrix .cell[aria-expanded="true"]')
        self.assertEqual(self.find('#matrix .inset'), [])

    @everywhere()
    def test_the_keyboard_opens_a_cell(self):
        if self.find('#matrix'):
            self.first('#matrix .cell').send_keys(Keys.ENTER)
            self.settled('null')
            self.assertTrue(self.find('#matrix .inset'))

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

    @everywhere()
    def test_a_link_that_leads_nowhere_does_no_harm(self):
        for link in ('#case=none', '#requirement=%E0%A4', '#nowhere'):
            self.open(link)
            self.assertTrue(self.shown())

    @everywhere()
    @unittest.skipUnless(AXE.exists(), NO_AXE)
    def test_axe_finds_nothing(self):
        for selector in ('#matrix .cell.known, #matrix .cell.bad',
                         '#matrix .inset .chip.known, #matrix .inset '
                         '.chip', '#matrix .inset summary',
                         '#requirements summary', '#cases summary',
                         '#deviations summary', '#failures summary',
                         '#fuzzing summary'):
            with contextlib.suppress(AssertionError):
                self.click(selector)
        self.expect_axe_finds_nothing()

    @everywhere(PLAIN_PAGES)
    @unittest.skipUnless(AXE.exists(), NO_AXE)
    def test_axe_finds_nothing_on_plain_pages(self):
        self.expect_axe_finds_nothing()

    def expect_axe_finds_nothing(self):
        self.browser.execute_cdp_cmd('Page.setBypassCSP',
                                     {'enabled': True})
        self.browser.execute_script(AXE.read_text())
        found = self.browser.execute_async_script(
            'axe.run(document, {resultTypes: ["violations"]}).then('
            'arguments[arguments.length - 1])')
        self.assertEqual([
            (violation['id'], violation['help'], node['html'][:200],
             node['failureSummary'])
            for violation in found['violations']
            for node in violation['nodes']], [])


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as temporary:
        if not why_not():
            render_pages(sys.argv[1:] or ['--full', '--hostile'],
                         pathlib.Path(temporary))
        program = unittest.main(argv=sys.argv[:1], verbosity=2, exit=False)
    sys.exit(not program.result.wasSuccessful())
