#!/usr/bin/env python3
"""tools/repeat finds the cases whose verdict changes, and bounds how often."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

# Stands for ./certify: the cases are those of the next line of `runs`.
CERTIFY = '''#!/usr/bin/env python3
import json, pathlib, sys
here = pathlib.Path(__file__).parent
lines = (here / 'runs').read_text().splitlines()
(here / 'runs').write_text('\\n'.join(lines[1:]))
out = pathlib.Path(sys.argv[sys.argv.index('--out') + 1])
(out / 'certificate.json').write_text(json.dumps({
    'cases': [{'name': name, 'verdict': verdict, 'deviation': False}
              for name, verdict in json.loads(lines[0]).items()],
    'figures': {}, 'duration_s': 1.0, 'host': {'cpus': 2}}))
(here / 'arguments').write_text(' '.join(sys.argv[1:]))
sys.exit(1)
'''


class Repeat(unittest.TestCase):

    def repeat(self, runs, *arguments):
        """What tools/repeat makes of these runs: exit status and lines."""
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            (root / 'tools').mkdir()
            shutil.copy('tools/repeat', root / 'tools')
            (root / 'certify').write_text(CERTIFY)
            os.chmod(root / 'certify', 0o755)
            (root / 'runs').write_text('\n'.join(map(json.dumps, runs)))
            done = subprocess.run(
                [root / 'tools/repeat', '--runs', str(len(runs)), '--busy',
                 '0', *arguments], capture_output=True, text=True, check=False)
            self.assertEqual(done.stderr, '')
            self.passed = (root / 'arguments').read_text()
            return done.returncode, done.stdout.splitlines()

    def test_always_the_same(self):
        status, lines = self.repeat([{'A': 'pass', 'B': 'fail'}] * 20)
        self.assertEqual(status, 0)
        self.assertEqual(lines[0], 'run 1: 1.0 s, 1 pass, 1 fail')
        self.assertEqual(lines[-2:], [
            '2 cases, 20 runs, 0 cases with more than one verdict',
            # 1 - 0.05^(1/20) and 1 - 0.05^(1/40)
            'a case that did not change does so in less than 14 % of its runs '
            '(95 %); in less than 7.2 % if all 2 are alike'])

    def test_a_change_is_found_and_bounded(self):
        runs = [{'A': 'pass', 'B': 'fail'}] * 20
        runs[7] = {'A': 'hang', 'B': 'fail'}
        status, lines = self.repeat(runs)
        self.assertEqual(status, 1)
        self.assertIn(
            "A: {'pass': 19, 'hang': 1}: not as usual in 1 of 20 runs; 95 %: "
            'from 0.9 % to 23.6 %', lines)  # Wilson's, as tables give it
        self.assertIn('2 cases, 20 runs, 1 cases with more than one verdict',
                      lines)

    def test_a_case_that_vanishes_has_changed(self):
        status, lines = self.repeat([{'A': 'pass', 'B': 'pass'},
                                     {'A': 'pass'}])
        self.assertEqual(status, 1)
        self.assertTrue(any(line.startswith('B: ') for line in lines), lines)

    def test_arguments_are_passed_on(self):
        self.repeat([{'A': 'pass'}], '--', '--only', 'A*')
        self.assertTrue(self.passed.endswith('--only A*'), self.passed)


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    unittest.main()
