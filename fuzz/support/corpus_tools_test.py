#!/usr/bin/env python3
"""fuzz/support/gather_corpus and start_target.

usage: corpus_tools_test.py GATHER_CORPUS START_TARGET
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

GATHER, START = (pathlib.Path(word).resolve() for word in sys.argv[1:])
del sys.argv[1:]


def run(*command):
    done = subprocess.run([str(word) for word in command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    return done.returncode, done.stdout


class ToolTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, text='input', mode=0o644):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path


class GatherCorpusTest(ToolTest):

    def gather(self, *arguments):
        return run(GATHER, self.folder / 'corpus', *arguments)

    def test_seeds_and_regressions(self):
        status, output = self.gather('--seeds', self.file('a'), self.file('b'),
                                     '--regressions', self.file('c'))
        self.assertEqual(status, 0, output)
        corpus = self.folder / 'corpus'
        self.assertEqual(
            sorted(str(path.relative_to(corpus))
                   for path in corpus.rglob('*') if path.is_file()),
            ['regressions/c', 'seeds/a', 'seeds/b'])

    def test_no_seeds(self):
        self.assertEqual(self.gather('--seeds')[0], 1)
        self.assertEqual(
            self.gather('--seeds', '--regressions', self.file('c'))[0], 1)

    def test_empty_file(self):
        self.assertEqual(
            self.gather('--seeds', self.file('a'), self.file('b', ''))[0], 1)

    def test_missing_file(self):
        self.assertEqual(
            self.gather('--seeds', self.file('a'), self.folder / 'b')[0], 1)

    def test_same_name(self):
        status, output = self.gather('--seeds', self.file('a'),
                                     '--regressions', self.file('more/a'))
        self.assertEqual(status, 1)
        self.assertIn('another input has that name', output)


class StartTargetTest(ToolTest):

    def start(self, *arguments, dictionary='words.dict'):
        target = self.file('target', '#!/bin/bash\nprintf "%s\\n" "$@"\n',
                           0o755)
        if dictionary:
            dictionary = self.file(dictionary)
        status, output = run(START, target, self.folder / 'seeds', dictionary,
                             *arguments)
        return status, output.splitlines()

    def test_seeds_and_dictionary(self):
        seeds = [self.file('seeds/a'), self.file('seeds/b')]
        status, said = self.start('-runs=1')
        self.assertEqual(status, 0, said)
        self.assertIn(f'-seed_inputs={seeds[0]},{seeds[1]}', said)
        self.assertIn(f'-dict={self.folder / "words.dict"}', said)

    def test_what_is_asked_for_comes_last_and_so_wins(self):
        self.file('seeds/a')
        _, said = self.start('-dict=own.dict', '-timeout=1', 'corpus')
        self.assertEqual(said[-3:], ['-dict=own.dict', '-timeout=1', 'corpus'])

    def test_without_a_dictionary(self):
        self.file('seeds/a')
        _, said = self.start(dictionary='')
        self.assertFalse([word for word in said if word.startswith('-dict')])

    def test_no_seeds(self):
        (self.folder / 'seeds').mkdir()
        self.assertEqual(self.start()[0], 2)


if __name__ == '__main__':
    unittest.main()
