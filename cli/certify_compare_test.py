#!/usr/bin/env python3
"""certify compare and certify matrix, on certificates of real runs."""

import copy
import json
import sys
import unittest

sys.dont_write_bytecode = True
from certify_testing import (  # pylint: disable=wrong-import-position
    CertifyTest, PASSING)


def judged(certificate, verdict):
    """The first case and its first requirement have this verdict."""
    case = certificate['cases'][0]
    case['verdict'] = verdict
    row = next(row for row in certificate['requirements']
               if row['id'] == case['requirements'][0])
    row['verdict'] = verdict


def with_cause(certificate):
    certificate['campaigns'] = [{
        'target': 'event_decoder', 'tier': '', 'seconds': 1, 'inputs': 1,
        'seed': 1, 'causes': [{
            'key': 'deliver: size', 'tier': 'hostile', 'field': 'size',
            'relation': 'beyond', 'damages': ['crash'], 'owed': 'an error',
            'came': 'SIGSEGV', 'annotated': '', 'reproduced': '10 of 10'}]}]


def uncertified(certificate):
    for profile in certificate['profiles']:
        profile['certified'] = False


# What is done to the newer certificate, and words of a line that tells it.
WORSE = {
    'fail': (lambda new: judged(new, 'fail'), 'pass, now fail'),
    'crash': (lambda new: judged(new, 'crash'), 'pass, now crash'),
    'hang': (lambda new: judged(new, 'hang'), 'pass, now hang'),
    'unsupported': (lambda new: judged(new, 'unsupported'),
                    'pass, now unsupported'),
    'untested': (lambda new: judged(new, 'untested'), 'pass, now untested'),
    'inconclusive': (lambda new: judged(new, 'inconclusive'),
                     'pass, now inconclusive'),
    'error': (lambda new: judged(new, 'error'), 'pass, now error'),
    'case removed': (lambda new: new['cases'].pop(), 'was pass, is gone'),
    'requirement removed': (
        lambda new: new['requirements'].remove(next(
            row for row in new['requirements'] if row['verdict'] == 'pass')),
        'was pass, is gone'),
    'incomplete': (lambda new: new.update(complete=False),
                   'complete, now incomplete'),
    'new problem': (lambda new: new['problems'].append('of a new kind'),
                    'of a new kind: withholds it'),
    'new root cause': (with_cause, 'root cause event_decoder: deliver: size'),
}
UNREADABLE = {
    'no JSON': (lambda text: text[:-20], 'not JSON'),
    'another schema': (lambda text: text.replace('"schema": 1', '"schema": 2'),
                       'schema: must be 1, not 2'),
    'a key that is missing': (
        lambda text: text.replace('"seed"', '"speed"'), 'seed: is missing'),
    'a verdict of its own': (
        lambda text: text.replace('"verdict": "pass"', '"verdict": "fine"'),
        '"fine" is not a verdict'),
    'empty': (lambda text: '', 'not JSON'),
}


class Compare(CertifyTest):

    def setUp(self):
        super().setUp()
        self.certify('--only', PASSING, '--deviations', 'none')
        self.old = self.certificate()
        self.file = self.folder / 'new.json'

    def compare(self, change=lambda new: None, *more):
        new = copy.deepcopy(self.old)
        change(new)
        self.file.write_text(json.dumps(new))
        return self.certify('compare', self.out, self.file, *more, no_out=True)

    def test_the_same(self):
        done = self.compare()
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertTrue(done.stdout.endswith('\nnothing got worse\n'))

    def test_each_way_to_be_worse(self):
        for name, (change, words) in WORSE.items():
            with self.subTest(name):
                done = self.compare(change)
                self.assertEqual((done.returncode, done.stderr), (1, ''))
                worse = done.stdout.split('\nworse: ')[1].split('\n\n')[0]
                self.assertIn(words, worse)

    def test_a_certificate_that_is_withdrawn(self):
        self.old['certified'] = True
        self.old['profiles'][0]['certified'] = True
        (self.out / 'certificate.json').write_text(json.dumps(self.old))
        done = self.compare(uncertified)
        self.assertEqual(done.returncode, 1)
        self.assertIn('now not certified', done.stdout)

    def test_another_library_is_stated(self):
        def change(new):
            new['implementation']['sha256'] = '00'
        done = self.compare(change)
        self.assertEqual(done.returncode, 0)
        self.assertIn(
            'another library hash: '
            f'{self.old["implementation"]["sha256"]}, now 00\n', done.stdout)

    def test_the_page(self):
        page = self.folder / 'page.html'
        done = self.compare(WORSE['fail'][0], '--html', page)
        self.assertEqual(done.returncode, 1)
        self.assertIn('pass, now fail', page.read_text())
        done = self.compare(WORSE['fail'][0], '--html', '/proc/page.html')
        self.assertEqual(done.returncode, 2)
        self.assertIn('certify: cannot write /proc/page.html', done.stderr)

    def expect_refused(self, done, words):
        self.assertEqual((done.returncode, done.stdout), (2, ''))
        self.assertRegex(done.stderr, r'\Acertify: [^\n]+\n\Z')
        self.assertIn(words, done.stderr)

    def test_what_cannot_be_read(self):
        text = (self.out / 'certificate.json').read_text()
        for name, (change, words) in UNREADABLE.items():
            with self.subTest(name):
                self.file.write_text(change(text))
                for order in ((self.out, self.file), (self.file, self.out)):
                    self.expect_refused(
                        self.certify('compare', *order, no_out=True), words)
        for arguments, words in (
                ((self.out,), 'NEW is required'),
                ((self.out, self.folder), 'cannot read'),
                ((self.out, self.out, '--color'), 'see certify compare --help'),
        ):
            self.expect_refused(
                self.certify('compare', *arguments, no_out=True), words)

    def test_side_by_side(self):
        self.file.write_text(json.dumps(self.old).replace(
            '"verdict": "pass"', '"verdict": "fail"'))
        done = self.certify('matrix', self.out, self.file, no_out=True)
        self.assertEqual((done.returncode, done.stderr),
                         (0, 'wrote matrix.html\n'))
        self.assertRegex(done.stdout,
                         r'\nDISPATCH-05 +pass +fail +\*\n')
        page = (self.folder / 'matrix.html').read_text()
        self.assertIn('DISPATCH-05', page.split('Where they differ', 1)[1])
        self.expect_refused(self.certify('matrix', no_out=True),
                            'DIR is required')
        self.expect_refused(
            self.certify('matrix', self.folder / 'none', no_out=True),
            'cannot read')

    def test_help(self):
        for command in 'compare', 'matrix':
            done = self.certify(command, '--help', no_out=True)
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            self.assertIn(f'Usage: certify {command} ', done.stdout)


if __name__ == '__main__':
    unittest.main()
