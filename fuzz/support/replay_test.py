#!/usr/bin/env python3
"""fuzz/support/replay_main: what inputs come to, and what fails a replay.

usage: replay_test.py PROGRAM
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)


class ReplayTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.inputs = self.folder / 'inputs'
        self.inputs.mkdir()

    def add(self, text, name=None):
        (self.inputs / (name or text.replace(' ', '_'))).write_text(text)

    def replay(self, *arguments, table=None):
        """(exit status, output) of a replay of the folder."""
        if table is not None:
            path = self.folder / 'table.toml'
            path.write_text(table)
            arguments = (*arguments, '--comes-to', path)
        done = subprocess.run([PROGRAM, *arguments, self.inputs], text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout

    def expect_end(self, text, end):
        self.add(text)
        status, output = self.replay(table=f'[comes_to]\n"input" = "{end}"\n'
                                     .replace('input', text.replace(' ', '_')))
        self.assertEqual(status, 0, output)
        self.assertIn(f'{end:5}  ', output)

    def test_pass(self):
        self.expect_end('anything', 'pass')

    def test_wrong_is_what_the_target_objects_to(self):
        self.expect_end('wrong', 'wrong')

    def test_crash(self):
        self.expect_end('crash', 'crash')

    def test_exit_is_no_pass(self):
        self.expect_end('exit', 'crash')

    def test_what_the_c_library_aborts_for_is_a_crash(self):
        self.expect_end('free twice', 'crash')

    def test_leak(self):
        self.expect_end('leak', 'leak')

    def test_kept_once_is_no_leak(self):
        self.expect_end('keep once', 'pass')

    def test_hang(self):
        self.expect_end('hang', 'hang')

    @unittest.skipIf('ASAN_OPTIONS' in os.environ, 'it has a bound of its own')
    def test_memory_is_bounded(self):
        self.expect_end('memory', 'wrong')

    def test_without_a_table_all_must_pass(self):
        self.add('anything')
        self.assertEqual(self.replay()[0], 0)
        self.add('wrong')
        status, output = self.replay()
        self.assertEqual(status, 1)
        self.assertIn('NOT AS EXPECTED: pass', output)

    def test_one_input_does_not_end_the_others(self):
        self.add('crash', 'a')
        self.add('anything', 'b')
        self.assertIn('2 inputs, 1 not as expected', self.replay()[1])

    def test_one_of_several(self):
        self.add('hang')
        self.assertEqual(
            self.replay(table='[comes_to]\nhang = "crash|hang"\n')[0], 0)

    def test_unexpected_pass_fails(self):
        self.add('anything')
        status, output = self.replay(table='[comes_to]\nanything = "crash"\n')
        self.assertEqual(status, 1)
        self.assertIn('NOT AS EXPECTED: crash', output)

    def test_other_damage_fails(self):
        self.add('wrong')
        self.assertEqual(
            self.replay(table='[comes_to]\nwrong = "crash"\n')[0], 1)

    def test_file_without_a_line_fails(self):
        self.add('anything')
        self.add('more')
        status, output = self.replay(table='[comes_to]\nmore = "pass"\n')
        self.assertEqual(status, 1)
        self.assertIn('not in', output)

    def test_line_without_a_file_fails(self):
        self.add('more')
        status, output = self.replay(
            table='[comes_to]\nmore = "pass"\ngone = "crash"\n')
        self.assertEqual(status, 1)
        self.assertIn('no such file', output)

    def test_empty_folder_fails(self):
        status, output = self.replay()
        self.assertEqual(status, 2)
        self.assertIn('is empty', output)

    def test_empty_folder_beside_another_fails(self):
        self.add('anything')
        empty = self.folder / 'empty'
        empty.mkdir()
        self.assertEqual(self.replay(empty)[0], 2)

    def test_empty_file_fails(self):
        self.add('anything')
        self.add('', 'truncated')
        status, output = self.replay()
        self.assertEqual(status, 2)
        self.assertIn('truncated is empty', output)

    def test_unreadable_file_fails(self):
        self.add('anything')
        # For any user, root too.
        (self.inputs / 'unreadable').symlink_to(self.inputs / 'unreadable')
        status, output = self.replay()
        self.assertEqual(status, 2)
        self.assertIn('cannot read', output)

    def test_missing_folder_fails(self):
        self.inputs.rmdir()
        self.assertEqual(self.replay()[0], 2)

    def test_broken_table_fails(self):
        self.add('anything')
        for table in ('', '[comes_to]\n', '[comes_to]\nanything = ',
                      '[comes_to]\nanything = "fine"\n',
                      '[comes_to]\nanything = 1\n',
                      '[comes_to]\nanything = "pass|"\n'):
            self.assertEqual(self.replay(table=table)[0], 2, table)


if __name__ == '__main__':
    unittest.main()
