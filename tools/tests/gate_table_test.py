#!/usr/bin/env python3
"""tools/gate_table with a stand-in for Bazel, on outputs of every kind."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import zipfile

BAZEL = """#!/bin/bash
case $1 in
  info) printf '%s\\n' "$LOGS" ;;
  test) printf 'bazel %s\\n' "$*" && exit "$STATUS" ;;
  *) exit 9 ;;
esac
"""


def row(name, requirement, *catches, **more):
    return {'folder': '', 'name': name, 'requirement': requirement,
            'verdicts': 'fail', 'does': 'Breaks.', 'why_equivalent': '',
            'ran': 3, 'deciding': 7, 'duration_s': 0.5,
            'catches': [{'case': case, 'verdict': 'fail'}
                        for case in catches], **more}


class GateTable(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='with blank ')
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.logs = self.folder / 'testlogs'
        bazel = self.folder / 'bin' / 'bazel'
        bazel.parent.mkdir()
        bazel.write_text(BAZEL)
        bazel.chmod(0o755)

    def shard(self, number, rows, zipped, count=2):
        folder = (self.logs / 'conformance/faults/gate_test' /
                  f'shard_{number}_of_{count}' / 'test.outputs')
        folder.mkdir(parents=True)
        if zipped:
            with zipfile.ZipFile(folder / 'outputs.zip', 'w') as outputs:
                outputs.writestr('gate.json', json.dumps(rows))
        else:
            (folder / 'gate.json').write_text(json.dumps(rows))

    def run_table(self, *arguments, status=0):
        environment = {**os.environ, 'LOGS': str(self.logs),
                       'STATUS': str(status),
                       'PATH': f'{self.folder}/bin:{os.environ["PATH"]}'}
        return subprocess.run(['tools/gate_table', *arguments],
                              env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)

    def test_shards_make_one_table(self):
        self.shard(1, [row('late', 'ORD-01', 'ORD-01/A', 'ORD-01/B'),
                       row('early', 'FD-01', 'FD-01/C')], zipped=True)
        self.shard(2, [row('mutant', 'FD-01', 'FD-01/C',
                           folder='reference/')], zipped=False)
        done = self.run_table('--nocache_test_results')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('--nocache_test_results', done.stderr)
        self.assertEqual([line.split() for line in done.stdout.splitlines()], [
            ['requirement', 'fault', 'cases', 'run', 'caught', 'by'],
            ['FD-01', 'early', '3', 'of', '7', 'FD-01/C', '(fail)'],
            ['FD-01', 'reference/mutant', '3', 'of', '7', 'FD-01/C', '(fail)'],
            ['ORD-01', 'late', '3', 'of', '7', 'ORD-01/A', '(fail)'],
            ['ORD-01/B', '(fail)'],
            [],
            'Requirements that one case alone protects:'.split(),
            'FD-01 FD-01/C (3 of 7 ran)'.split(),
            [],
            ('3 faults: 2 layers over the real library, 1 of the '
             'reference').split(),
            ('caught by two cases 1, by one 2, by none 0; equivalent '
             '0').split(),
            'requirements that one case alone protects: 1'.split()])

    def test_shards_of_an_older_run_do_not_count(self):
        self.shard(1, [row('a', 'FD-01', 'FD-01/A')], zipped=True)
        self.shard(1, [row('b', 'FD-01', 'FD-01/B')], zipped=True, count=3)
        gate = self.logs / 'conformance/faults/gate_test'
        os.utime(gate / 'shard_1_of_2', (1, 1))
        done = self.run_table()
        self.assertIn('FD-01/B', done.stdout)
        self.assertNotIn('FD-01/A', done.stdout)

    def test_two_faults_with_two_cases_are_no_lonely_requirement(self):
        self.shard(1, [row('a', 'FD-01', 'FD-01/A'),
                       row('b', 'FD-01', 'FD-01/B')], zipped=True)
        done = self.run_table()
        self.assertIn('protects:\nnone\n', done.stdout)

    def test_a_fault_that_is_not_caught(self):
        self.shard(1, [row('a', 'FD-01')], zipped=True)
        done = self.run_table(status=3)
        self.assertEqual(done.returncode, 1)
        self.assertIn('NOT CAUGHT', done.stdout)
        self.assertIn('by none 1', done.stdout)

    def test_an_equivalent(self):
        self.shard(1, [row('a', 'FD-01', verdicts='equivalent',
                           why_equivalent='It sleeps.')], zipped=True)
        done = self.run_table()
        self.assertEqual(done.returncode, 0)
        self.assertIn('equivalent: It sleeps.', done.stdout)
        self.assertIn('by none 0; equivalent 1', done.stdout)

    def test_a_gate_that_does_not_build(self):
        done = self.run_table(status=1)
        self.assertEqual(done.returncode, 2)
        self.assertIn('could not be run', done.stderr)

    def test_no_rows(self):
        done = self.run_table()
        self.assertEqual(done.returncode, 2)
        self.assertIn('no shard', done.stderr)

    def test_help(self):
        done = self.run_table('--help')
        self.assertEqual(done.returncode, 0)
        self.assertIn('usage: tools/gate_table', done.stdout)


if __name__ == '__main__':
    unittest.main()
