#!/usr/bin/env python3
"""tools/lint finds what is planted, where it is, and nothing in a clean tree."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

CLEAN = {
    'harness/BUILD': 'load("@rules_cc//cc:defs.bzl", "cc_library")\n\n'
                     'cc_library(name = "clean")\n',
    'harness/clean.h': '#pragma once\nint Clean();\n',
    'harness/clean.cc': '#include "harness/clean.h"\n\n'
                        'int Clean() { return 1; }\n',
}


class Lint(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name) / 'checkout'
        self.cache = pathlib.Path(folder.name) / 'cache'
        self.root.mkdir()
        subprocess.run(['git', 'init', '--quiet', self.root], check=True)
        for name in ('.clang-format', '.clang-tidy'):
            shutil.copy(name, self.root / name)
        for path, text in CLEAN.items():
            self.plant(path, text)

    def plant(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def lint(self, *arguments):
        return subprocess.run(
            ['tools/lint', '--root', self.root, *arguments],
            env={**os.environ, 'XDG_CACHE_HOME': str(self.cache)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def expect(self, *findings):
        """Exactly these findings, each given by how its line begins."""
        done = self.lint()
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), len(findings), done.stdout + done.stderr)
        for line, finding in zip(lines, findings):
            self.assertTrue(line.startswith(finding), line)
        self.assertEqual(done.returncode, 1 if findings else 0)

    def test_clean_and_remembered(self):
        self.expect()
        self.assertEqual(len(list(self.cache.glob('cpgcert/lint/*'))), 1)
        self.assertEqual(self.lint().stderr, '')
        self.plant('harness/clean.h', '#pragma once\nint Clean();  // New.\n')
        self.assertIn('clang-tidy on 1 of 1 files', self.lint().stderr)

    def test_layout_and_its_mending(self):
        self.plant('harness/clean.h', '#pragma once\nint   Clean( );\n')
        self.plant('notes.md', 'trailing \nno newline')
        self.expect('notes.md:1: trailing blank (mend: tools/lint --fix)',
                    'notes.md:2: no newline',
                    'harness/clean.h:2: layout (mend: tools/lint --fix)')
        self.assertEqual(self.lint('--fix').returncode, 0)
        self.expect()

    def test_long_file(self):
        self.plant('harness/long.h', '#pragma once\n' + '// x\n' * 500)
        self.expect('harness/long.h:501: 501 lines, at most 500')
        self.plant('harness/long.h', '#pragma once\n' + '// x\n' * 499)
        self.expect()

    def test_missing_load_and_size_and_public(self):
        self.plant('cli/BUILD', 'load("@rules_cc//cc:defs.bzl", "cc_test")\n'
                   'cc_library(name = "a", visibility = '
                   '["//visibility:public"])\ncc_test(name = "b")\n')
        self.expect('cli/BUILD:2: cc_library is not loaded; mend: load(',
                    'cli/BUILD:3: cc_test without a size',
                    'cli/BUILD:2: public')

    def test_sleep_needs_a_reason(self):
        body = 'void Wait() {{ usleep(1); }}{}\n'
        start = '#include <unistd.h>\n\n'
        self.plant('harness/wait.cc', start + body.format(''))
        self.expect('harness/wait.cc:3: sleep; wait for an event')
        self.plant('harness/wait.cc',
                   start + body.format('  // sleep: the test wants one'))
        self.expect()

    def test_tab_and_machine_path(self):
        self.plant('notes.md', 'a\tb\nsee /ho' 'me/someone/file\n')
        self.expect('notes.md:1: tab', 'notes.md:2: path of one machine')

    def test_mistakes(self):
        self.plant('harness/clean.h', '#pragma once\nint Clean();\n'
                   'struct Text {\n  Text(int);\n};\n')
        self.plant('harness/other.cc', '#include "harness/clean.h"\n\n'
                   'int* Nothing() { return 0; }\n')
        for _ in range(2):  # What is wrong is not remembered as right.
            self.expect('harness/clean.h:4: single-argument constructors',
                        'harness/other.cc:3: use nullptr')

    def test_scripts(self):
        self.plant('tools/a', '#!/bin/bash\ncd $1\nif\n')
        self.plant('tools/b.py', 'def\n')
        done = self.lint()
        self.assertRegex(done.stdout, r'(?m)^tools/a:3:')
        self.assertRegex(done.stdout, r'(?m)^tools/b.py:1: ')
        self.assertEqual(done.returncode, 1)

    def test_ignored_files_and_data(self):
        self.plant('.gitignore', '/out/\n')
        self.plant('out/a.md', '\t')
        self.plant('corpus/wire/a', '\t')
        self.plant('reports/testdata/a.html', ' \n')
        self.expect()

    def test_not_a_checkout(self):
        shutil.rmtree(self.root / '.git')
        self.assertEqual(self.lint().returncode, 2)


if __name__ == '__main__':
    unittest.main()
