#!/usr/bin/env python3
"""certify with services other than a corosync of its own."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
from certify_testing import (  # pylint: disable=wrong-import-position
    CertifyTest, ONE_PASSING, inside)

PROGRAM = os.path.realpath('harness/scripted_service/single_node_service')
KILLS = 'DISPATCH-09/One/ServiceKilledBefore/*'
# The service is killed and comes again.
AGAIN = 'ERR-07/OldConnection/Join'


class ServiceTest(CertifyTest):

    def judge(self, service, only, prefix=()):
        """The verdicts of the cases, and how the service stands there."""
        self.certify('--service', service, '--only', only, prefix=prefix)
        certificate = self.certificate()
        self.assertTrue(certificate['complete'])
        self.assertEqual(certificate['implementation']['service'], service)
        for case in certificate['cases']:
            self.assertIn(f"--service '{service}'", case['reproduce'])
        self.expect_no_descendant(0)
        return ({case['verdict'] for case in certificate['cases']},
                certificate['implementation']['name'])


class OurOwn(ServiceTest):

    def test_scripted(self):
        for only in (ONE_PASSING, AGAIN):
            self.assertEqual(
                self.judge('scripted', only),
                ({'pass'}, 'libcpg with the scripted service'))

    def test_command(self):
        for only in (ONE_PASSING, AGAIN):
            self.assertEqual(self.judge(f'exec:{PROGRAM}', only),
                             ({'pass'}, f'libcpg with {PROGRAM}'))

    def test_command_that_dies(self):
        done = self.certify('--service', "exec:sh -c 'echo no fuel; exit 4'",
                            '--only', ONE_PASSING)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(
            done.stderr, 'certify: the service ended with exit status 4; its '
            'last words:\n  no fuel\n')
        self.expect_no_descendant(0)


class Running(ServiceTest):

    def judge_running(self, only):
        return self.judge('running', only, prefix=inside(f"""
            mount -t tmpfs none /dev/shm
            {PROGRAM} &
            status=0
            "$@" || status=$?
            kill $!
            wait $! || :
            exit $status"""))

    def test_is_used(self):
        self.assertEqual(
            self.judge_running(ONE_PASSING),
            ({'pass'}, 'libcpg with the service of this machine'))

    def test_is_not_disturbed(self):
        for only, why in ((KILLS, 'this service is not ours to kill or '
                           'stop\n'),
                          (AGAIN, 'a second service cannot be started beside '
                           "the machine's\n")):
            verdicts, _ = self.judge_running(only)
            self.assertEqual(verdicts, {'untested'})
            self.assertEqual(
                {case['message'] for case in self.certificate()['cases']},
                {why})

    def test_is_missing(self):
        done = self.certify('--service', 'running', '--only', ONE_PASSING)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(
            done.stderr, 'certify: the service "cpg" of this machine is not '
            'ready in time, its last answer: Connection refused\n')


if __name__ == '__main__':
    unittest.main()
