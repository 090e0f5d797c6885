#!/usr/bin/env python3
"""certify is interrupted: what ran is written, and no process stays."""

import os
import pathlib
import pty
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from certify_testing import (  # pylint: disable=wrong-import-position
    CERTIFY, CertifyTest, DEADLINE, REPORTS, read_to_the_end)

SECONDS_MAX = 10  # owed is about one, on a machine with nothing else to do


class Interrupt(CertifyTest):

    def expect_incomplete(self, cases_min):
        certificate = self.certificate()
        self.assertIs(certificate['complete'], False)
        self.assertIs(certificate['certified'], False)
        cases = certificate['cases']
        reports = REPORTS if cases else [
            name for name in REPORTS if name != 'traces']
        self.assertEqual(self.files(), reports)
        self.assertGreaterEqual(len(cases), cases_min)
        self.assertLess(len(cases), 1000)
        self.assertEqual(
            sum(len(suite.findall('testcase'))
                for suite in self.junit().findall('testsuite')
                if suite.get('name') != 'certificate'),
            len(cases))

    def interrupt(self, number):
        running = self.start()
        begin = time.monotonic()
        running.send_signal(number)
        out, error = running.communicate(timeout=DEADLINE)
        seconds = time.monotonic() - begin
        print(f'{signal.Signals(number).name} to exit: {seconds:.3f} s')
        self.expect_no_descendant(0)
        self.assertEqual(running.returncode, 1, out + error)
        self.assertLess(seconds, SECONDS_MAX)
        self.assertRegex(out, r'NOT CERTIFIED \(incomplete[^\n]*\)\n\Z')
        self.assertNotIn('terminate', error)
        # The first line came after a tenth of the cases.
        self.expect_incomplete(100)

    def test_interrupt(self):
        self.interrupt(signal.SIGINT)

    def test_terminate(self):
        self.interrupt(signal.SIGTERM)

    def test_hang_up(self):
        self.interrupt(signal.SIGHUP)

    def test_kill(self):
        running = self.start()
        running.kill()
        running.wait()
        begin = time.monotonic()
        self.expect_no_descendant(SECONDS_MAX)
        print(f'SIGKILL to the last end: {time.monotonic() - begin:.3f} s')
        # Nothing but the traces of the cases so far was to be written yet.
        self.assertLessEqual(set(self.files()), {'traces'})

    def test_before_the_first_case(self):
        running = subprocess.Popen(
            [CERTIFY, '--out', self.out], cwd=self.folder, text=True,
            env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(running.kill)
        status = pathlib.Path(f'/proc/{running.pid}/status')
        end = time.monotonic() + DEADLINE
        while not self.blocks(status, signal.SIGINT):
            self.assertLess(time.monotonic(), end)
        running.send_signal(signal.SIGINT)
        out, error = running.communicate(timeout=DEADLINE)
        self.assertEqual(running.returncode, 1, out + error)
        self.assertIn('incomplete', out.splitlines()[-1])
        self.expect_no_descendant(0)
        self.expect_incomplete(0)

    def blocks(self, status, number):
        line = next(line for line in status.read_text().splitlines()
                    if line.startswith('SigBlk:'))
        return int(line.split()[1], 16) >> (number - 1) & 1

    def test_control_c_on_a_terminal(self):
        """It reaches the whole foreground process group, not just certify."""
        command = [CERTIFY, '--out', str(self.out)]
        environment = self.environment(TERM='xterm')
        child, terminal = pty.fork()
        if child == 0:
            try:
                os.execve(CERTIFY, command, environment)
            finally:
                os._exit(127)
        self.addCleanup(os.close, terminal)
        shown = b''
        while b'\r\x1b[K[' not in shown:
            shown += os.read(terminal, 65536)
        begin = time.monotonic()
        os.write(terminal, b'\x03')
        shown = read_to_the_end(terminal)
        _, status = os.waitpid(child, 0)
        print(f'Ctrl-C to exit: {time.monotonic() - begin:.3f} s')
        self.assertEqual(os.waitstatus_to_exitcode(status), 1, shown)
        self.assertIn(b'(incomplete', shown)
        self.expect_no_descendant(0)
        self.expect_incomplete(1)


if __name__ == '__main__':
    unittest.main()
