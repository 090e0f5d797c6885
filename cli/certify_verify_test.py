#!/usr/bin/env python3
"""certify verify and certify trace, on what real runs leave behind.

cli/forgeries.py has the ways to forge that.
"""

import fnmatch
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
from certify_testing import (  # pylint: disable=wrong-import-position
    CERTIFY, DEADLINE, CertifyTest, ONE_PASSING, PASSING, inside, library)
from forgeries import (  # pylint: disable=wrong-import-position
    CRASHING, NOT_OF_IT, NO_MESSAGE, TWO_THREADS, WITH_THE_CERTIFICATE,
    WITH_THE_TRACES, byte_changed, garbage, trace_key_removed, trace_removed)
from forgery import Forgery  # pylint: disable=wrong-import-position

# They pass, fail and crash, in one thread and in several.
CASES = 'DISPATCH-0[25]/*/Joined/[NM]*/[AN]*[rs]/*d*'


class RealRuns(CertifyTest):
    """What two runs of the same cases wrote: with known deviations, without."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        runs = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get('TEST_TMPDIR')))
        cls.addClassCleanup(shutil.rmtree, runs)
        cls.known, cls.plain = runs / 'known', runs / 'plain'
        for out, more in (cls.known, []), (cls.plain, ['--deviations', 'none']):
            done = subprocess.run(
                [CERTIFY, '--only', CASES, '--out', out, *more], cwd=runs,
                env={'PATH': os.environ['PATH'], 'CPGCERT_ROOT': os.getcwd()},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=DEADLINE, check=False)
            if done.returncode != 1:  # there are known deviations
                raise AssertionError(done.stdout.decode())

    def verify(self, *arguments, **options):
        return self.certify('verify', *arguments, no_out=True, **options)

    def trace_of(self, *arguments):
        return self.certify('trace', *arguments, no_out=True)

    def expect_all_judged_again(self, done, cases, library_seen):
        self.assertEqual((done.returncode, done.stderr), (0, ''), done.stdout)
        self.assertRegex(
            done.stdout, rf'\A.*: {cases} cases and \d+ requirements are what '
            rf'it says; {library_seen}\njudged again from their traces: '
            rf'{cases} cases; by what they found: 0 searches; without a trace: '
            r'0\n\Z')
        self.expect_no_descendant(0)


class Honest(RealRuns):

    def test_is_accepted(self):
        certificate = json.loads((self.known / 'certificate.json').read_text())
        verdicts = {case['verdict'] for case in certificate['cases']}
        self.assertEqual(verdicts, {'pass', 'fail', 'crash'})
        for place in (self.known, self.plain, self.known / 'certificate.json'):
            self.expect_all_judged_again(
                self.verify(place), len(certificate['cases']),
                'it is about this library')

    def test_as_forged_honestly(self):
        """What the forgeries of Forged are refused for is their lie."""
        for original in self.known, self.plain:
            forged = Forgery(original, self.folder / original.name)
            before = json.dumps(forged.certificate)
            forged.judge_again()
            self.assertEqual(json.dumps(forged.certificate), before)
            for case in forged.cases:
                forged.set_trace(case, forged.trace(case))
            forged.write()
            self.expect_all_judged_again(
                self.verify(forged.folder), len(forged.cases),
                'it is about this library')

    def test_nothing_is_run(self):
        """Without the library, corosync and a shared memory for either."""
        copy = self.folder / 'libcpg.so.4'
        shutil.copy(library(), copy)
        done = self.certify('--libcpg', copy, '--only', PASSING)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        copy.unlink()
        cases = len(self.certificate()['cases'])
        corosync = shutil.which('corosync', path='/usr/sbin:/usr/bin:/sbin')
        done = self.verify(self.out, prefix=inside(
            f"""mount -t tmpfs none /dev/shm
            mount --bind /dev/null {corosync}
            mount --bind /dev/null {os.path.realpath(library())}
            "$@"
            find /dev/shm -mindepth 1"""))
        self.expect_all_judged_again(
            done, cases, 'its library is not here to be compared')

    def test_nothing_is_left(self):
        done = self.verify('/mnt/in', prefix=inside(
            f"""mount -t tmpfs none /mnt
            mkdir /mnt/in
            touch /mnt/certify
            mount --bind {self.plain} /mnt/in
            mount --bind {CERTIFY} /mnt/certify
            mount -t tmpfs none /tmp
            shift
            /mnt/certify "$@"
            find /tmp -mindepth 1"""))
        cases = len(self.files(self.plain / 'traces'))
        self.expect_all_judged_again(done, cases, 'it is about this library')

    def test_the_second_run_leaves_only_its_own(self):
        self.certify('--only', PASSING)
        before = set(self.files(self.out / 'traces'))
        self.assertEqual(len(before), len(self.certificate()['cases']))
        (self.out / 'traces' / 'mine.txt').write_text('no trace')
        self.certify('--only', ONE_PASSING)
        case, = self.certificate()['cases']
        self.assertEqual(self.files(self.out / 'traces'),
                         sorted([case['trace'] + '.jsonl.gz', 'mine.txt']))
        self.expect_all_judged_again(self.verify(self.out), 1,
                                     'it is about this library')


class Forged(RealRuns):

    def reasons(self, original, forge):
        """Why a forgery is refused, and what case it is about."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            forged = Forgery(original, pathlib.Path(folder) / 'forged')
            about = forge(forged)
            forged.write()
            done = self.verify(forged.folder)
        self.assertEqual((done.returncode, done.stderr), (1, ''), done.stdout)
        lines = done.stdout.splitlines()
        for line in lines:
            self.assertRegex(line, r'\Arefused: ')
        return [line.removeprefix('refused: ') for line in lines], about

    def test_certificate(self):
        for forge, *owed in WITH_THE_CERTIFICATE:
            with self.subTest(forge.__name__):
                reasons, about = self.reasons(self.known, forge)
                for reason in owed:
                    reason = reason.format(about)
                    self.assertTrue(
                        any(line.startswith(reason) for line in reasons),
                        f'{reason}\nis not in\n' + '\n'.join(reasons))

    def test_traces(self):
        for forge, owed in WITH_THE_TRACES:
            with self.subTest(forge.__name__):
                reasons, about = self.reasons(self.plain, forge)
                self.assertEqual(len(reasons), 1, reasons)
                self.assertTrue(fnmatch.fnmatchcase(
                    reasons[0], owed.format(about) + '*'), reasons[0])

    def test_deviation_marked_where_the_file_has_none(self):
        def forge(forged):
            case = forged.first('fail')
            case.update(deviation=True, deviation_reason='It is known.')
            forged.judge_again()
            return case['name']

        reasons, about = self.reasons(self.plain, forge)
        self.assertIn(
            f'{about} is not a deviation by the file of known deviations',
            reasons)

    def test_all_told_as_passes(self):
        """It is certified by all that it says."""
        told = []

        def forge(forged):
            for case in forged.cases:
                if case['verdict'] != 'pass':
                    told.append(f'{case["name"]}: it is {case["verdict"]} by '
                                'its trace, not pass')
                    forged.set_verdict(case, 'pass')
            forged.judge_again()
            self.assertIs(forged.certificate['certified'], True)

        reasons, _ = self.reasons(self.plain, forge)
        self.assertGreater(len(told), 2)
        self.assertEqual(reasons, told)

    def test_traces_swapped(self):
        names = NO_MESSAGE, TWO_THREADS

        def forge(forged):
            one, other = map(forged.case, names)
            one['trace'], other['trace'] = other['trace'], one['trace']

        reasons, _ = self.reasons(self.plain, forge)
        self.assertEqual(sorted(reasons), sorted(
            NOT_OF_IT.format(name) + f'it is the trace of {other}'
            for name, other in (names, names[::-1])))


class CannotLook(RealRuns):

    def expect_one_line_of(self, done, words):
        self.assertEqual((done.returncode, done.stdout), (2, ''))
        self.assertRegex(done.stderr, r'\Acertify: [^\n]+\n\Z')
        self.assertIn(words, done.stderr)

    def test_verify(self):
        (self.folder / 'empty').mkdir()
        os.mkfifo(self.folder / 'pipe')
        for place in 'none', 'empty', 'pipe', 'n' * 5000:
            self.expect_one_line_of(self.verify(self.folder / place),
                                    f'cannot read {self.folder / place}')
        self.expect_one_line_of(self.verify('--color', self.known),
                                'see certify verify --help')
        self.expect_one_line_of(self.verify(), 'DIR is required')

    def test_a_file_of_deviations_that_is_none(self):
        for file in '/dev/zero', str(self.folder / 'none'):
            forged = Forgery(self.known, self.folder / 'forged')
            forged.certificate['deviations']['file'] = file
            forged.write()
            self.expect_one_line_of(self.verify(forged.folder),
                                    f'{file}: is no file that can be read')
            shutil.rmtree(forged.folder)

    def test_trace(self):
        self.expect_one_line_of(
            self.trace_of(self.known, 'JOIN-01/None\nOther'),
            r'the certificate has no case JOIN-01/None\nOther')
        self.expect_one_line_of(self.trace_of(self.folder / 'none', CRASHING),
                                'cannot read')
        self.expect_one_line_of(self.trace_of(self.known), 'CASE is required')
        forged = Forgery(self.known, self.folder / 'forged')
        for forge, words in (
                (trace_removed, '{}: its trace is not there'),
                (trace_key_removed, 'there is no trace of {}'),
                (byte_changed, '{}: its trace is not what its name says'),
                (garbage, '{}: its trace: it is no gzip file, or is cut')):
            name = forge(forged)
            forged.write()
            for more in [], ['--raw']:
                self.expect_one_line_of(
                    self.trace_of(forged.folder, name, *more),
                    words.format(name))


class Traces(RealRuns):

    def test_readable(self):
        done = self.trace_of(self.known, TWO_THREADS)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], rf'\Acase {TWO_THREADS}, process \d+, ')
        self.assertEqual(
            lines[-1],
            'end exited with status 0, verdict pass, incomplete false')
        for line in ('  0 # step: loads the library',
                     '  0 > cpg_join: handle 0x[0-9a-f]+, group g[0-9]+',
                     '  0 < cpg_join: CS_OK',
                     '  0 ! configuration: .*group g[0-9]+, .*',
                     '  0 ~ configuration',
                     '  1 [+] .*',
                     '  1 > cpg_dispatch: handle 0x[0-9a-f]+, type 1',
                     '  2 > cpg_finalize: handle 0x[0-9a-f]+',
                     '  2 < cpg_finalize: CS_OK',
                     '  0 < cpg_dispatch: CS_ERR_BAD_HANDLE'):
            self.assertRegex(done.stdout, f'(?m)^{line}$')
        for line in lines[1:-1]:
            self.assertRegex(line, r'\A(  [0-9] [><!~?+#] |      )')

    def test_of_a_crash(self):
        done = self.trace_of(self.known, CRASHING)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.endswith(
            '\nend killed by signal 11 (SIGSEGV), verdict crash, incomplete '
            'false\n'))

    def test_raw(self):
        certificate = json.loads((self.known / 'certificate.json').read_text())
        forged = Forgery(self.known, self.folder / 'same')
        for case in certificate['cases'][::6]:
            done = self.trace_of(self.known, case['name'], '--raw')
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            self.assertEqual(
                [json.loads(line) for line in done.stdout.splitlines()],
                forged.trace(case))

    def test_help(self):
        for command in 'trace', 'verify':
            done = self.certify(command, '--help', no_out=True)
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            self.assertIn(f'Usage: certify {command} ', done.stdout)


if __name__ == '__main__':
    unittest.main()
