#!/usr/bin/env python3
"""The reference is certified, but for what its deviations file predicts, and
is so again when every case is judged by its trace alone.

The command is README's own.
"""

import pathlib
import re
import shlex
import sys
import unittest

sys.dont_write_bytecode = True
from certify_testing import (  # pylint: disable=wrong-import-position
    CertifyTest)

COMMAND = re.compile(r'^\./certify (.*harness/reference/libcpg\.so\.4.*)$',
                     re.MULTILINE)
DEADLINE = 800  # seconds, for what takes 70 on an idle machine


class Reference(CertifyTest):

    def test_meets_every_promise_that_a_client_can_meet(self):
        readme = pathlib.Path('README.md').read_text(encoding='utf-8')
        arguments = COMMAND.search(readme).group(1).replace('bazel-bin/', '')
        done = self.certify(
            *(pathlib.Path(word).absolute() if '/' in word else word
              for word in shlex.split(arguments)),
            '--fuzz-time', '6', deadline=DEADLINE)
        certificate = self.certificate()
        wrong = [f'{case["name"]}: {case["verdict"]}: {case["message"]}'
                 for case in certificate['cases']
                 if case['verdict'] not in ('pass', 'unsupported')
                 and not case['deviation']]
        self.assertEqual(wrong, [])
        self.assertGreater(len(certificate['cases']), 2000)
        # JOIN-10 is the service's, and documented.
        withheld = {(row['name'], row['tier'])
                    for row in certificate['profiles'] if not row['certified']}
        self.assertEqual(withheld, {('api', 'documented')}, done.stdout)
        self.assertEqual(done.returncode, 1)
        again = self.certify('verify', self.out, no_out=True,
                             deadline=DEADLINE)
        self.assertEqual(again.stdout.count('refused'), 0, again.stdout)
        searches = sum(case['profile'] == 'wire'
                       for case in certificate['cases'])
        self.assertIn('judged again from their traces: '
                      f'{len(certificate["cases"]) - searches} cases',
                      again.stdout)
        self.assertEqual(again.returncode, 0, again.stderr)


if __name__ == '__main__':
    unittest.main()
