#!/usr/bin/env python3
"""certify prints what it knows: the requirements, and reproducers."""

import re
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from certify_testing import (  # pylint: disable=wrong-import-position
    CertifyTest, DEVIANT, ONE_PASSING)

HEAD = re.compile(r'([A-Z]+-(?:\d\d|[A-Z]+)) (api|faults|wire) '
                  r'(documented|header|observed)(, cpg_\w+)?(, optional)?')


class Requirements(CertifyTest):

    def listed(self, *arguments):
        """The blocks, and the last line."""
        done = self.certify('--list-requirements', *arguments, no_out=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        *blocks, counts = done.stdout.split('\n\n')
        return blocks, counts

    def required(self, blocks):
        """The blocks of requirements as ids, profiles and tiers."""
        return [match.group(1, 2, 3) for block in blocks
                if (match := HEAD.fullmatch(block.splitlines()[0]))]

    def test_each_block_is_complete(self):
        blocks, _ = self.listed()
        for block in blocks:
            first, *lines = block.splitlines()
            self.assertTrue(all(line.startswith('  ') for line in lines), block)
            self.assertTrue(all(len(line) <= 80 for line in lines), block)
            if not HEAD.fullmatch(first):
                continue
            self.assertRegex(block, r'\n  source: \S')
            self.assertRegex(lines[-1], r'^  decided by \d+ cases?$')

    def test_struck_ones_come_last_with_a_reason(self):
        blocks, _ = self.listed()
        begin = blocks.index('Not required, and why:')
        self.assertEqual(len(self.required(blocks)), begin)
        for block in blocks[begin + 1:]:
            self.assertRegex(block, r'\A[A-Z]+-\d\d\n  \S')
            self.assertRegex(block, r'\n  not required: \S')

    def test_counts_add_up(self):
        blocks, counts = self.listed()
        required = self.required(blocks)
        self.assertEqual(len(set(required)), len(required))
        self.assertTrue(counts.startswith(f'{len(required)} requirements: '))
        for profile, tiers in re.findall(r'(api|faults|wire) ([^;\n]*)',
                                         counts):
            for number, tier in re.findall(r'(\d+) (\w+)', tiers):
                self.assertEqual(int(number), sum(
                    entry[1:] == (profile, tier) for entry in required))

    def test_same_selection_as_a_run(self):
        blocks, counts = self.listed('--profile', 'faults', '--tier',
                                     'documented')
        self.assertEqual({entry[1:] for entry in self.required(blocks)},
                         {('faults', 'documented')})
        self.assertRegex(counts, r'^\d+ requirements: faults \d+ documented$')
        blocks, _ = self.listed('--only', DEVIANT)
        self.assertIn('DISPATCH-02', dict.fromkeys(
            entry[0] for entry in self.required(blocks)))
        self.assertNotIn('Not required, and why:', blocks)
        self.assertTrue(all(block.endswith('\n  decided by 1 case')
                            for block in blocks))

    def test_refusals(self):
        self.expect_one_line(
            self.certify('--list-requirements', '--only', 'NOBODY*'),
            "no case matches --only 'NOBODY*'")
        self.expect_one_line(
            self.certify('--list-requirements', '--profile', 'nope'),
            "no profile is called 'nope'")


class Reproducers(CertifyTest):

    def test_program_compiles_as_its_comment_says(self):
        done = self.certify('--reproducer', DEVIANT, no_out=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertIn(f'\n// Case: {DEVIANT}\n', done.stdout)
        self.assertIn('\n// corosync 3.1.7: ', done.stdout)
        self.assertLess(len(done.stdout.splitlines()), 46)
        (self.folder / 'x.c').write_text(done.stdout)
        command = re.search('^// Build: (cc x.c -lcpg)\\.', done.stdout, re.M)
        _, *arguments = command[1].split()
        compiled = subprocess.run(
            [shutil.which('cc') or 'clang-19', *arguments, '-Wall', '-Wextra', '-Werror'],
            cwd=self.folder, stderr=subprocess.STDOUT, check=False,
            stdout=subprocess.PIPE, text=True)
        self.assertEqual(compiled.returncode, 0, compiled.stdout)

    def test_every_deviation_leads_to_its_program(self):
        self.certify('--only', DEVIANT)
        case, = self.certificate()['cases']
        self.assertEqual(case['reproducer'],
                         f"./certify --reproducer '{DEVIANT}'")
        done = self.certify('--only', ONE_PASSING)
        self.assertNotIn('--reproducer', done.stdout)
        case, = self.certificate()['cases']
        self.assertEqual(case['reproducer'], '')

    def test_summary_says_how_to_get_it(self):
        done = self.certify('--only', DEVIANT)
        self.assertIn('\n    a program that shows it: ./certify --reproducer '
                      f"'{DEVIANT}'\n", done.stdout)
        html = (self.out / 'certificate.html').read_text()
        self.assertIn('--reproducer', html)

    def test_refusals(self):
        self.expect_one_line(
            self.certify('--reproducer', ONE_PASSING),
            f"no reproducer for '{ONE_PASSING}'; there are: ",
            'dispatch_one_fragment (DISPATCH-02)')
        self.expect_one_line(self.certify('--reproducer', '*'),
                             "several reproducers for '*': ")
        self.expect_one_line(
            self.certify('--reproducer', DEVIANT, '--deviations', 'none'),
            'there are: none')
        self.expect_one_line(
            self.certify('--reproducer', DEVIANT, '--deviations', 'gone.toml'),
            'gone.toml: cannot be read')


if __name__ == '__main__':
    unittest.main()
