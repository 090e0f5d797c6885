#!/usr/bin/env python3
"""Campaigns of the profile wire: what passes them, and what does not."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
from certify_testing import (  # pylint: disable=wrong-import-position
    CertifyTest)

REFERENCE = 'harness/reference/libcpg.so.4'
BROKEN = 'conformance/faults/reference/name_of_any_length_believed.so'
HOSTILE = 'conformance/faults/hostile/constructor_exits_zero.so'
DEADLINE = 800  # seconds; a campaign ends by its own time


class Wire(CertifyTest):

    def search(self, library, *arguments):
        """Certifies the profile, and returns the run and the certificate."""
        done = self.certify('--profile', 'wire', '--fuzz-time', '3',
                            '--deviations', 'none', '--libcpg',
                            pathlib.Path(library).absolute(), *arguments,
                            deadline=DEADLINE)
        return done, self.certificate()

    def test_the_reference_keeps_what_a_library_can_keep(self):
        done, certificate = self.search(REFERENCE)
        wrong = {case['name']: case['message'] for case in certificate['cases']
                 if case['verdict'] != 'pass'}
        # That is corosync's own.
        self.assertEqual(wrong.keys() - {'WIRE-REQUESTS/RequestDecoder'},
                         set(), wrong)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(len(certificate['campaigns']),
                         len(certificate['cases']))
        self.assertGreater(certificate['figures']['fuzz_inputs_count'], 1000)
        for campaign in certificate['campaigns']:
            self.assertGreater(campaign['inputs'], 0)
            if campaign['target'] != 'request_decoder':
                self.assertEqual(campaign['causes'], [])

    def test_a_broken_decoder_fails_in_the_tier_of_its_root_cause(self):
        done, certificate = self.search(BROKEN, '--only',
                                        'WIRE-*/EventDecoder')
        verdicts = {case['name']: case['verdict']
                    for case in certificate['cases']}
        self.assertEqual(verdicts, {'WIRE-CONFORMANT/EventDecoder': 'pass',
                                    'WIRE-CONSISTENT/EventDecoder': 'pass',
                                    'WIRE-HOSTILE/EventDecoder': 'fail'})
        self.assertEqual(done.returncode, 1, done.stdout)
        causes = [cause for campaign in certificate['campaigns']
                  for cause in campaign['causes']]
        self.assertEqual({cause['field'] for cause in causes},
                         {'group.length'})
        message = certificate['cases'][-1]['message']
        self.assertIn('group.length > 128', message)
        self.assertIn('requires WIRE-HOSTILE', message)

    def test_a_library_that_ends_the_campaign_does_not_pass(self):
        done, certificate = self.search(HOSTILE, '--only',
                                        'WIRE-HOSTILE/EventDecoder')
        self.assertEqual([case['verdict'] for case in certificate['cases']],
                         ['untested'])
        self.assertIn('without a report', certificate['cases'][0]['message'])
        self.assertEqual(done.returncode, 1)

    def test_a_time_that_is_none_is_refused(self):
        done = self.certify('--profile', 'wire', '--fuzz-time', '0')
        self.expect_one_line(done, '--fuzz-time')


if __name__ == '__main__':
    unittest.main()
