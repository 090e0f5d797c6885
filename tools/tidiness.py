"""The tidiness rules of tools/lint: what no formatter or compiler looks at.

A rule is a function of one SourceFile that yields (line number, message).
"""

import ast
import dataclasses
import functools
import re

LINES_MAX = 500
SLEEP_FOLDERS = ('harness/', 'conformance/', 'fuzz/')
SLEEP = re.compile(r'\b(sleep|usleep|nanosleep|clock_nanosleep|sleep_for|'
                   r'sleep_until)\s*\(')
SLEEP_REASON = re.compile(r'// sleep: \S')
MACHINE_PATH = re.compile(r'(?<![\w.$}*-])/(?:home|work|Users)/[\w.-]+')
CODE = ('.cc', '.h', '.bzl', '.py', '.sh', '.js', '.css')
BUILD_NAMES = ('BUILD', 'WORKSPACE')


@dataclasses.dataclass
class SourceFile:
    path: str  # relative to the root
    text: str

    @functools.cached_property
    def lines(self):
        return self.text.splitlines()

    @property
    def name(self):
        return self.path.rsplit('/', 1)[-1]

    @property
    def is_code(self):
        return (self.path.endswith(CODE) or self.name in BUILD_NAMES or
                self.text.startswith('#!'))


def long_file(file):
    if file.is_code and len(file.lines) > LINES_MAX:
        yield LINES_MAX + 1, f'{len(file.lines)} lines, at most {LINES_MAX}'


def blanks(file):
    for number, line in enumerate(file.lines, 1):
        if '\t' in line:
            yield number, 'tab; use spaces'
        if line != line.rstrip():
            yield number, 'trailing blank (mend: tools/lint --fix)'
    if file.text and not file.text.endswith('\n'):
        yield len(file.lines), 'no newline at the end (mend: tools/lint --fix)'


def unexplained_sleep(file):
    if not file.path.startswith(SLEEP_FOLDERS):
        return
    for number, line in enumerate(file.lines, 1):
        if (SLEEP.search(line.split('//')[0]) and
                not SLEEP_REASON.search(line)):
            yield number, ('sleep; wait for an event, or say why not: '
                           '"// sleep: reason" on this line')


def machine_path(file):
    for number, line in enumerate(file.lines, 1):
        if MACHINE_PATH.search(line):
            yield number, 'path of one machine'


def build_file(file):
    """Loads, test sizes and visibility in a BUILD file."""
    if file.name != 'BUILD':
        return
    try:
        tree = ast.parse(file.text)
    except SyntaxError as error:
        yield error.lineno or 1, f'not a BUILD file: {error.msg}'
        return
    calls = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    loaded = {
        argument.value for call in calls if call.func.id == 'load'
        for argument in call.args[1:] if isinstance(argument, ast.Constant)
    }
    for call in calls:
        rule = call.func.id
        keywords = {keyword.arg for keyword in call.keywords}
        if rule.startswith('cc_') and rule not in loaded:
            yield call.lineno, (f'{rule} is not loaded; mend: '
                                f'load("@rules_cc//cc:defs.bzl", "{rule}")')
        if rule in ('cc_test', 'sh_test', 'py_test') and 'size' not in keywords:
            yield call.lineno, f'{rule} without a size'
    if not file.path.startswith('tools/bazel/'):
        for number, line in enumerate(file.lines, 1):
            if ('"//visibility:public"' in line and
                    not line.endswith('# for vendors')):
                yield number, 'public; name the packages that may depend on it'


RULES = (long_file, blanks, unexplained_sleep, machine_path, build_file)


def problems(file):
    """All findings in one file, as (line number, message)."""
    for rule in RULES:
        yield from rule(file)


def mended(text):
    """The text without trailing blanks and with a newline at its end."""
    lines = [line.rstrip() for line in text.split('\n')]
    return '\n'.join(lines).rstrip('\n') + '\n' if text else text
