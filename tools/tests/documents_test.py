#!/usr/bin/env python3
"""Every command of README.md and CONTRIBUTING.md works as it is written.

The lines of each block that is marked `sh` are run. ./certify stands for the
program that it builds and runs, and path/to/libcpg.so for a library that is not
the machine's own. ./check is what runs this test, so of it only the arguments
are held against its help.
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
BLOCK = re.compile(r'^```sh\n(.*?)^```', re.MULTILINE | re.DOTALL)


def commands(document):
    """The lines of the blocks marked `sh`."""
    text = (RUNFILES / document).read_text(encoding='utf-8')
    return [line for block in BLOCK.findall(text) for line in block.splitlines()
            if line.strip()]


class Documents(unittest.TestCase):

    def run_certify(self, line, directory):
        """Runs the program with the arguments of `line`."""
        arguments = [str(LIBRARY) if word == 'path/to/libcpg.so'
                     else directory if word == '/tmp/certificate' else word
                     for word in shlex.split(line)[1:]]
        environment = dict(os.environ, CPGCERT_ROOT=str(RUNFILES))
        # It would share the cases out, and write into Bazel's files.
        for name in ('TEST_TOTAL_SHARDS', 'TEST_SHARD_INDEX',
                     'XML_OUTPUT_FILE'):
            environment.pop(name, None)
        done = subprocess.run([CERTIFY, *arguments], env=environment,
                              capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (0, 1), line + '\n' + done.stderr)
        self.assertTrue(done.stdout, line)

    def test_every_command_works(self):
        seen = 0
        for document in ('README.md', 'CONTRIBUTING.md'):
            for line in dict.fromkeys(commands(document)):
                with self.subTest(document=document, line=line):
                    seen += 1
                    if 'harness/reference' in line:
                        continue  # //cli:certify_reference_test runs it
                    if line.startswith('./certify'):
                        with tempfile.TemporaryDirectory() as directory:
                            self.run_certify(line, directory)
                        continue
                    self.assertTrue(line.startswith('./check'),
                                    'nobody runs this command')
                    usage = subprocess.run(['./check', '--help'], check=True,
                                           capture_output=True,
                                           text=True).stdout
                    for word in shlex.split(line)[1:]:
                        self.assertIn(word, usage)
        self.assertGreater(seen, 8)


if __name__ == '__main__':
    unittest.main()
