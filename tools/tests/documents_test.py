#!/usr/bin/env python3
"""Every command of README.md and CONTRIBUTING.md works as it is written.

The lines of each block that is marked `sh` are run. ./certify stands for the
program that it builds and runs, and path/to/libcpg.so for a library that is not
the machine's own, which runs fewer cases. `bazel run` stands for the program
that it runs, with less time and a library in which it finds nothing; `bazel
test //...` and ./check are what runs this test, so of the latter only the
arguments are held against its help.
"""

import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

RUNFILES = pathlib.Path.cwd()
CERTIFY = RUNFILES / 'cli/certify'
LIBRARY = RUNFILES / 'conformance/faults/unfaulted.so'
# The real one ends a fuzzer in any way: its heap is what it spoils.
SOUND = RUNFILES / 'harness/reference/libcpg.so.4'
FOLDERS = ('/tmp/certificate', '/tmp/findings', '/tmp/last')
# Commands that look at certificates.
READERS = ('compare', 'matrix', 'trace', 'verify')
# What is run by `bazel run //fuzz:NAME`, and an argument that ends it soon.
FUZZ = {'event_decoder_findings': ('fuzz/events/findings/event_decoder_findings',
                                   '--seconds=2'),
        'event_decoder_run': ('fuzz/event_decoder_run', '-max_total_time=2')}
BLOCK = re.compile(r'^```sh\n(.*?)^```', re.MULTILINE | re.DOTALL)


def commands(document):
    """The lines of the blocks marked `sh`."""
    text = (RUNFILES / document).read_text(encoding='utf-8')
    return [line for block in BLOCK.findall(text) for line in block.splitlines()
            if line.strip()]


class Documents(unittest.TestCase):

    def run_program(self, program, words, folder, library=LIBRARY):
        """Runs it with the arguments, where `folder` stands for any folder."""
        arguments = [str(library) if word == 'path/to/libcpg.so'
                     else folder if word in FOLDERS else word
                     for word in words]
        environment = dict(os.environ, CPGCERT_ROOT=str(RUNFILES))
        # It would share the cases out, and write into Bazel's files.
        for name in ('TEST_TOTAL_SHARDS', 'TEST_SHARD_INDEX',
                     'XML_OUTPUT_FILE'):
            environment.pop(name, None)
        done = subprocess.run([program, *arguments], env=environment,
                              cwd=folder, capture_output=True, text=True,
                              check=False)
        self.assertTrue(done.stdout + done.stderr, words)
        return done

    def run_certify(self, words, folder):
        reads = words[:1] and words[0] in READERS
        if reads:  # what a command before it would have left
            case = words[-1] if words[0] == 'trace' else 'JOIN-01/*'
            self.run_program(CERTIFY, ['--only', case, '--out', folder], folder)
        soon = [] if reads else ['--fuzz-time', '3']
        # All cases run once, as ./certify alone.
        if 'path/to/libcpg.so' in words and not {'--only', 'wire'} & {*words}:
            soon += ['--only', 'JOIN-*']
        if '--fuzz-time' in words:
            at = words.index('--fuzz-time')
            words = words[:at] + words[at + 2:]
        done = self.run_program(CERTIFY, [*words, *soon], folder)
        expected = (0,) if reads else (0, 1)
        self.assertIn(done.returncode, expected, f'{words}\n{done.stderr}')

    def run_fuzz(self, words, folder):
        label, dashes, *arguments = words
        self.assertEqual(dashes, '--')
        name = label.removeprefix('//fuzz:')
        self.assertIn(name, FUZZ, 'nobody runs this command')
        program, soon = FUZZ[name]
        option = soon.split('=', 1)[0]
        if option in arguments:  # and its value behind it
            at = arguments.index(option)
            del arguments[at:at + 2]
        arguments = [word for word in arguments
                     if not word.startswith(option + '=')]
        done = self.run_program(RUNFILES / program, [*arguments, soon], folder,
                                SOUND)
        self.assertEqual(done.returncode, 0, f'{words}\n{done.stderr}')

    def run_line(self, line):
        words = shlex.split(line)
        with tempfile.TemporaryDirectory() as folder:
            if words[0] == './certify':
                self.run_certify(words[1:], folder)
            elif words[:2] == ['bazel', 'run']:
                self.run_fuzz(words[2:], folder)
            elif words[:2] == ['bazel', 'test']:
                for pattern in words[2:]:
                    self.assertRegex(pattern, r'^//[a-z/]*\.\.\.$')
            else:
                self.assertEqual(words[0], './check',
                                 'nobody runs this command')
                usage = subprocess.run(['./check', '--help'], check=True,
                                       capture_output=True, text=True).stdout
                for word in words[1:]:
                    self.assertIn(word, usage)

    def test_every_command_works(self):
        seen = 0
        for document in ('README.md', 'CONTRIBUTING.md'):
            for line in dict.fromkeys(commands(document)):
                if 'harness/reference' in line:
                    continue  # //cli:certify_reference_test runs it
                with self.subTest(document=document, line=line):
                    seen += 1
                    self.run_line(line)
        self.assertGreater(seen, 8)


if __name__ == '__main__':
    unittest.main()
