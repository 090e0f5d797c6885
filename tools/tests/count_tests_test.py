#!/usr/bin/env python3
"""tools/count_tests on runs of every kind."""

import json
import pathlib
import subprocess
import tempfile
import unittest

PASSING = '<testcase name="a"/>'
FAILING = '<testcase name="b"><failure message="no"/></testcase>'
BROKEN = '<testcase name="c"><error message="exited"/></testcase>'
SKIPPED = '<testcase name="d" result="skipped"><skipped/></testcase>'
DISABLED = '<testcase name="e" status="notrun" result="suppressed"/>'


class CountTests(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='with blank ')
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.events = []

    def add_result(self, label, cases, status='PASSED', **key):
        """One test.xml with these cases; none at all if cases is None."""
        outputs = []
        if cases is not None:
            path = self.folder / f'{len(self.events)}.xml'
            path.write_text('<testsuites><testsuite>' + ''.join(cases) +
                            '</testsuite></testsuites>')
            outputs = [{'name': 'test.log', 'uri': 'file:///none'},
                       {'name': 'test.xml', 'uri': path.as_uri()}]
        self.events.append({
            'id': {'testResult': {'label': label, **key}},
            'testResult': {'status': status, 'testActionOutput': outputs}})

    def add_target(self, label, built):
        payload = {'completed': {'success': True}} if built else {
            'aborted': {'reason': 'ANALYSIS_FAILURE'}}
        self.events.append(
            {'id': {'targetCompleted': {'label': label}}, **payload})

    def expect(self, last_line, status, *notes, bazel=0, lint=0):
        path = self.folder / 'events.json'
        path.write_text('\n'.join(map(json.dumps, self.events)))
        done = subprocess.run(
            ['tools/count_tests', '--lint-failed', str(lint),
             '--bazel-status', str(bazel), path],
            stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.stdout.splitlines(), [*notes, last_line])
        self.assertEqual(done.returncode, status)

    def test_all_pass(self):
        self.add_target('//a:t', built=True)
        self.add_result('//a:t', [PASSING, PASSING])
        self.add_result('//b:t', [PASSING])
        self.expect('3 passed, 0 failed', 0)

    def test_failures_errors_and_skipped(self):
        self.add_result('//a:t', [PASSING, FAILING, BROKEN], 'FAILED')
        self.add_result('//b:t', [SKIPPED, DISABLED, PASSING])
        self.expect('2 passed, 2 failed, 2 skipped', 1, bazel=3)

    def test_only_skipped_is_no_success(self):
        self.add_result('//a:t', [SKIPPED])
        self.expect('0 passed, 1 failed, 1 skipped', 1, 'no test ran')

    def test_shards_add_up_and_one_may_be_empty(self):
        self.add_result('//a:t', [PASSING], shard=1)
        self.add_result('//a:t', [], shard=2)
        self.expect('1 passed, 0 failed', 0)

    def test_only_the_last_attempt_counts(self):
        self.add_result('//a:t', [FAILING], 'FAILED', run=1, shard=1, attempt=1)
        self.add_result('//a:t', [PASSING], run=1, shard=1, attempt=2)
        self.expect('1 passed, 0 failed', 0)

    def test_crash_after_passing_cases(self):
        self.add_result('//a:t', [PASSING], 'FAILED')
        self.expect('1 passed, 1 failed', 1, '//a:t: FAILED', bazel=3)

    def test_timeout_without_xml(self):
        self.add_result('//a:t', None, 'TIMEOUT')
        self.expect('0 passed, 1 failed', 1, '//a:t: TIMEOUT', bazel=3)

    def test_binary_without_cases(self):
        self.add_result('//a:t', [])
        self.expect('0 passed, 1 failed', 1,
                    '//a:t: passed without a single test case')

    def test_does_not_build(self):
        self.add_target('//a:t', built=False)
        self.add_result('//b:t', [PASSING])
        self.expect('1 passed, 1 failed', 1, '//a:t: does not build', bazel=1)

    def test_bazel_fails_on_its_own(self):
        self.add_result('//b:t', [PASSING])
        self.expect('1 passed, 1 failed', 1,
                    'bazel test ended with status 1', bazel=1)

    def test_lint_failed(self):
        self.add_result('//b:t', [PASSING])
        self.expect('1 passed, 1 failed', 1, 'tools/lint found problems',
                    lint=1)

    def test_two_workspaces_with_the_same_label(self):
        self.add_result('//:t', [PASSING])
        path = self.folder / 'events.json'
        path.write_text(json.dumps(self.events[0]))
        done = subprocess.run(
            ['tools/count_tests', '--bazel-status', '0', path, path],
            stdout=subprocess.PIPE, text=True, check=True)
        self.assertEqual(done.stdout, '2 passed, 0 failed\n')

    def test_no_events(self):
        self.expect('0 passed, 1 failed', 1, 'no test ran')


if __name__ == '__main__':
    unittest.main()
