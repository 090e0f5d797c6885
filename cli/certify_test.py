#!/usr/bin/env python3
"""certify from end to end: verdicts, reports, what it shows and to whom."""

import os
import pty
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from certify_testing import (  # pylint: disable=wrong-import-position
    CERTIFY, CertifyTest, DEVIANT, ONE_PASSING, PASSING, REPORTS, inside,
    read_to_the_end)

ID = r'[A-Z]+-(?:\d\d|[A-Z]+)'
LISTED = re.compile(rf'(({ID})(?:/[A-Z][A-Za-z0-9]*)+) '
                    rf'(\2(?:,{ID})*) (api|faults|wire)')


class Listing(CertifyTest):

    def test_one_case_a_line(self):
        done = self.certify('--list', no_out=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        lines = done.stdout.splitlines()
        self.assertGreater(len(lines), 1000)
        for line in lines:
            self.assertRegex(line, f'^{LISTED.pattern}$')
        names = {line.split()[0] for line in lines}
        self.assertEqual(len(names), len(lines))

    def test_same_selection_as_a_run(self):
        done = self.certify('--list', '--only', 'DISPATCH-09/*', '--profile',
                            'faults', '--tier', 'documented', no_out=True)
        self.assertGreater(len(done.stdout.splitlines()), 10)
        for line in done.stdout.splitlines():
            self.assertRegex(line, r'^DISPATCH-09/\S+ DISPATCH-09 faults$')

    def test_exclusions_add_up(self):
        done = self.certify('--list-exclusions', no_out=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        first, *others = done.stdout.splitlines()
        cells, product = map(int, re.fullmatch(
            r'(\d+) cells of (\d+) remain; left out:', first).groups())
        self.assertEqual(
            cells + sum(int(line.split()[0]) for line in others), product)

    def test_no_room_for_the_list(self):
        with open('/dev/full', 'w', encoding='utf-8') as full:
            done = subprocess.run([CERTIFY, '--list'], stdout=full, text=True,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, 'certify: cannot write to standard '
                         'output: No space left on device\n')

    def test_help(self):
        done = self.certify('--help', no_out=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertIn('Usage: certify [OPTIONS]', done.stdout)


class Verdicts(CertifyTest):

    def test_certified(self):
        done = self.certify('--only', PASSING, '--seed', '7',
                            '--implementation-name', 'This one')
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('\n5 pass\n', done.stdout)
        self.assertRegex(done.stdout, r'\nThis one: CERTIFIED \(.*\)\n\Z')
        self.assertEqual(self.files(), REPORTS)
        certificate = self.certificate()
        self.assertEqual(certificate['schema'], 1)
        self.assertIs(certificate['certified'], True)
        self.assertIs(certificate['complete'], True)
        self.assertEqual(certificate['seed'], 7)
        self.assertEqual({case['verdict'] for case in certificate['cases']},
                         {'pass'})
        self.expect_no_descendant(0)

    def test_fail_is_a_bug_report(self):
        done = self.certify('--deviations', 'none', '--only', DEVIANT)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        for line in (r'DISPATCH-02 \(documented\): fail, 1 of 1 case',
                     '  fail ' + DEVIANT,
                     '    requires DISPATCH-02: CS_DISPATCH_ONE .*',
                     r'      call: cpg_dispatch\(handle, CS_DISPATCH_ONE\)',
                     '      owed: returns CS_OK, having run the first .*',
                     '      came: returned CS_OK',
                     "    reproduce: ./certify --deviations 'none' --only '" +
                     DEVIANT + "'",
                     'api documented: NOT CERTIFIED: 1 fail'):
            self.assertRegex(done.stdout, f'(?m)^{line}$')
        case, = self.certificate()['cases']
        self.assertEqual(case['verdict'], 'fail')
        self.assertIn('owed: ', case['message'])
        self.assertIn('came: ', case['message'])

    def test_reproduce_line_reproduces(self):
        self.certify('--deviations', 'none', '--only', DEVIANT)
        line = self.certificate()['cases'][0]['reproduce']
        command = line.replace('./certify', CERTIFY) + ' --out again'
        done = subprocess.run(['sh', '-c', command], cwd=self.folder,
                              env=self.environment(), check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.files(self.folder / 'again'), REPORTS)

    def test_known_deviation(self):
        done = self.certify('--only', DEVIANT)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn('\n1 deviation\n', done.stdout)
        self.assertIn('NOT CERTIFIED: 1 documented deviation', done.stdout)
        # It is no news.
        self.assertEqual(done.stderr,
                         '1 of 1 case, 0 unfavourable\n' + self.wrote())

    def deviation(self, glob):
        file = self.folder / 'deviations.toml'
        file.write_text('implementation = "i"\n\n[[deviation]]\n'
                        f'case = "{glob}"\nrequirement = "DISPATCH-05"\n'
                        'verdict = "fail"\nwhy = "w"\nurl = "https://u"\n')
        return str(file)

    def test_unexpected_pass(self):
        done = self.certify('--only', ONE_PASSING, '--deviations',
                            self.deviation('DISPATCH-05/*'))
        self.assertEqual(done.returncode, 1)
        self.assertIn(f'deviations.toml:3: unexpected pass: {ONE_PASSING}',
                      done.stdout)
        self.assertIn('NOT CERTIFIED', done.stdout.splitlines()[-1])
        self.assertIs(self.certificate()['certified'], False)

    def test_stale_line(self):
        done = self.certify('--only', ONE_PASSING, '--deviations',
                            self.deviation('DISPATCH-05/Gone/*'))
        self.assertEqual(done.returncode, 1)
        self.assertIn('deviations.toml:3: stale line: no case that decides '
                      'DISPATCH-05 matches "DISPATCH-05/Gone/*"', done.stdout)
        self.assertIs(self.certificate()['certified'], False)

    def test_junit_and_certificate_agree(self):
        self.certify('--deviations', 'none', '--only',
                     'DISPATCH-02/One/Joined/*/AllCallbacks/Undisturbed')
        cases = self.certificate()['cases']
        suites = self.junit().findall('testsuite')
        self.assertEqual([suite.get('name') for suite in suites],
                         ['api.documented.DISPATCH-02'])
        tests = suites[0].findall('testcase')
        self.assertEqual(int(suites[0].get('tests')), len(cases))
        self.assertEqual(int(suites[0].get('failures')), 1)
        self.assertEqual([test.get('name') for test in tests],
                         [case['name'] for case in cases])
        for test, case in zip(tests, cases):
            self.assertEqual(test.find('failure') is not None,
                             case['verdict'] == 'fail', case['name'])
            self.assertIsNone(test.find('error'))
        self.assertIn('fail', {case['verdict'] for case in cases})
        self.assertIn('pass', {case['verdict'] for case in cases})

    def test_machine_is_left_as_it_was(self):
        """All that is outside --out, in a machine that shows every change."""
        self.out.mkdir()
        done = self.certify(
            '--only', PASSING, '--deviations', 'none', '--out', '/mnt/out',
            prefix=inside(f"""
                mount -t tmpfs none /mnt
                mkdir /mnt/out
                touch /mnt/certify
                mount --bind {self.out} /mnt/out
                mount --bind {CERTIFY} /mnt/certify
                for folder in /tmp /dev/shm /var/tmp; do
                  mount -t tmpfs none $folder
                done
                shift
                /mnt/certify "$@"
                find /tmp /dev/shm /var/tmp -mindepth 1"""))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r'CERTIFIED \([^\n]*\)\n\Z')
        self.assertEqual(self.files(), REPORTS)


class Screens(CertifyTest):

    def test_plain_lines_elsewhere(self):
        done = self.certify('--only', DEVIANT, '--deviations', 'none',
                            TERM='xterm-256color')
        self.assertNotRegex(done.stdout + done.stderr, r'[\r\x1b]')
        self.assertRegex(done.stderr, rf'\Afail {DEVIANT}: requires .*\n'
                         rf'1 of 1 case, 1 unfavourable\n{self.wrote()}\Z')

    def test_progress_line_on_a_terminal(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        running = subprocess.Popen(
            [CERTIFY, '--only', PASSING, '--out', self.out], text=True,
            env=self.environment(TERM='xterm'), cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        summary, _ = running.communicate()
        shown = read_to_the_end(ours).decode()
        self.assertEqual(running.returncode, 0)
        for count in range(1, 6):
            self.assertIn(f'\r\x1b[K[{count}/5] DISPATCH-05/', shown)
        # The line goes away in the end.
        end = '\r\x1b[K' + self.wrote().replace('\n', '\r\n')
        self.assertTrue(shown.endswith(end), repr(shown))
        self.assertNotRegex(summary, r'[\r\x1b]')

    def test_reader_goes_away(self):
        ours, theirs = os.pipe()
        os.close(ours)
        done = subprocess.run(
            [CERTIFY, '--only', PASSING, '--out', self.out], cwd=self.folder,
            env=self.environment(), stdout=theirs, stderr=theirs, check=False)
        os.close(theirs)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.files(), REPORTS)


class Bazel(CertifyTest):

    def shard(self, index, count, only=PASSING):
        status = self.folder / f'status{index}'
        done = self.certify('--only', only, TEST_TOTAL_SHARDS=str(count),
                            TEST_SHARD_INDEX=str(index),
                            TEST_SHARD_STATUS_FILE=str(status))
        self.assertTrue(status.exists())
        return done

    def test_shards_share_the_cases(self):
        names = []
        for index in range(2):
            done = self.shard(index, 2)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            names += [case['name'] for case in self.certificate()['cases']]
        listed = self.certify('--list', '--only', PASSING, no_out=True)
        self.assertEqual(sorted(names), sorted(
            line.split()[0] for line in listed.stdout.splitlines()))

    def test_shard_without_a_case(self):
        done = self.shard(1, 2, ONE_PASSING)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, 'no case falls to this shard\n', ''))
        self.assertFalse(self.out.exists())

    def test_files_go_where_bazel_wants_them(self):
        outputs = self.folder / 'outputs'
        junit = self.folder / 'test.xml'
        done = self.certify('--only', PASSING, no_out=True,
                            XML_OUTPUT_FILE=str(junit),
                            TEST_UNDECLARED_OUTPUTS_DIR=str(outputs))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.files(outputs), REPORTS)
        self.assertEqual(len(self.junit(junit).findall('.//testcase')), 5)
        self.assertEqual(self.files(self.folder), ['outputs', 'test.xml'])

    def test_junit_cannot_be_written(self):
        done = self.certify('--only', PASSING, XML_OUTPUT_FILE='/proc/a/b')
        self.assertEqual(done.returncode, 2)
        self.assertIn('\ncertify: cannot write /proc/a/b: ', done.stderr)
        self.assertEqual(self.files(), REPORTS)


if __name__ == '__main__':
    unittest.main()
