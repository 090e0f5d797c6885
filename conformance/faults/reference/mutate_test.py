#!/usr/bin/env python3
"""mutate: alters exactly what it was told to, or nothing."""

import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = 'conformance/faults/reference/mutate'
SOURCE = 'if (count > most) {\n  return count -\n         1;\n}\nreturn 0;\n'


class Mutate(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='with blank ')
        self.addCleanup(folder.cleanup)
        self.source = pathlib.Path(folder.name, 'source.cc')
        self.source.write_text(SOURCE)
        self.result = pathlib.Path(folder.name, 'result.cc')

    def mutate(self, *arguments):
        return subprocess.run([SCRIPT, *arguments], stderr=subprocess.PIPE,
                              text=True, check=False)

    def expect(self, before, after, result):
        done = self.mutate(self.source, before, after, self.result)
        self.assertEqual(done.stderr, '')
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.result.read_text(), result)

    def refuse(self, before, after, reason):
        done = self.mutate(self.source, before, after, self.result)
        self.assertEqual(done.returncode, 1)
        self.assertIn(reason, done.stderr)
        self.assertIn(str(self.source), done.stderr)
        self.assertFalse(self.result.exists())

    def test_replaces_one_place(self):
        self.expect('count > most', 'count >= most',
                    SOURCE.replace('>', '>='))

    def test_layout_does_not_matter(self):
        self.expect('return count - 1;', 'return count;',
                    'if (count > most) {\n  return count;\n}\nreturn 0;\n')

    def test_removes(self):
        self.expect('return 0;', '', SOURCE.replace('return 0;', ''))

    def test_after_is_taken_as_it_is(self):
        self.expect('most', r'\1 \g<0> $& "x"',
                    SOURCE.replace('most', r'\1 \g<0> $& "x"'))

    def test_a_pattern_has_no_meaning(self):
        self.refuse('c.*t', 'x', 'occurs 0 times')

    def test_refuses_what_is_not_there(self):
        self.refuse('count < most', 'x', 'occurs 0 times, not once')

    def test_refuses_what_is_there_twice(self):
        self.refuse('return', 'x', 'occurs 2 times, not once')

    def test_refuses_to_change_nothing(self):
        self.refuse('return 0;', ' return  0; ', 'nothing would change')

    def test_refuses_to_look_for_nothing(self):
        self.refuse(' ', 'x', 'nothing to look for')

    def test_refuses_a_file_that_is_not_there(self):
        done = self.mutate(self.source.parent / 'no.cc', 'a', 'b', self.result)
        self.assertEqual(done.returncode, 1)
        self.assertIn('no.cc', done.stderr)

    def test_says_how_it_is_called(self):
        done = self.mutate(self.source)
        self.assertEqual(done.returncode, 1)
        self.assertIn('usage: mutate', done.stderr)


if __name__ == '__main__':
    unittest.main()
