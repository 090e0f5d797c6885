#!/usr/bin/env python3
"""README's list of known defects is what the deviations file says.

    bazel run //tools/tests:known_defects_test -- --accept

writes it anew.
"""

import os
import pathlib
import sys
import tomllib
import unittest

DEVIATIONS = 'conformance/deviations/corosync_3_1_7.toml'
BEGIN = '<!-- known defects: begin -->\n'
END = '<!-- known defects: end -->\n'


def rows(text):
    """One line for each explanation, in the order of the file."""
    defects = {}
    for deviation in tomllib.loads(text)['deviation']:
        cases = deviation['case']
        first = cases if isinstance(cases, str) else cases[0]
        defect = defects.setdefault(deviation['why'], {
            'requirements': [],
            'case': first,
            'has_program': False,
        })
        if deviation['requirement'] not in defect['requirements']:
            defect['requirements'].append(deviation['requirement'])
        if 'reproducer' in deviation:
            defect['has_program'] = True
    for why, defect in defects.items():
        mark = ' *' if defect['has_program'] else ''
        yield (f'| {", ".join(defect["requirements"])} | {why} '
               f'| `{defect["case"]}`{mark} |\n')


def section(text):
    head = '| requirement | what corosync 3.1.7 does | case |\n|---|---|---|\n'
    return BEGIN + head + ''.join(rows(text)) + END


def parts(readme):
    """What stands before, in and after the list."""
    before, rest = readme.split(BEGIN)
    inside, after = rest.split(END)
    return before, BEGIN + inside + END, after


class KnownDefectsTest(unittest.TestCase):

    def test_readme_lists_what_the_deviations_say(self):
        readme = pathlib.Path('README.md').read_text()
        deviations = pathlib.Path(DEVIATIONS).read_text()
        self.assertEqual(
            parts(readme)[1], section(deviations),
            'write it anew: bazel run //tools/tests:known_defects_test -- '
            '--accept')

    def test_equal_explanations_make_one_row(self):
        made = list(rows('''
            [[deviation]]
            case = ["A-01/X", "A-01/Y"]
            requirement = "A-01"
            why = "It breaks."
            [[deviation]]
            case = "B-02/Z"
            requirement = "B-02"
            why = "It breaks."
            reproducer = "breaks"
        '''))
        self.assertEqual(made, ['| A-01, B-02 | It breaks. | `A-01/X` * |\n'])


def accept():
    root = pathlib.Path(os.environ['BUILD_WORKSPACE_DIRECTORY'])
    readme = root / 'README.md'
    before, _, after = parts(readme.read_text())
    made = section((root / DEVIATIONS).read_text())
    readme.write_text(before + made + after)


if __name__ == '__main__':
    if sys.argv[1:] == ['--accept']:
        accept()
    else:
        unittest.main()
