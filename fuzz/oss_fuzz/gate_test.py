#!/usr/bin/env python3
"""fuzz/oss_fuzz/gate: passes what is as it should be, and fails what is not.

usage: gate_test.py GATE LIBRARY MUTANT TAR...

LIBRARY does not count its blocks; MUTANT gets lists of an honest event wrong.
The first TAR is of event_decoder.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

GATE, LIBRARY, MUTANT, *TARS = (pathlib.Path(word) for word in sys.argv[1:])
del sys.argv[1:]
TARGET = 'event_decoder'

# Runs the target, which lies elsewhere, after some lines of its own.
WRAPPER = '''#!/bin/bash
# LLVMFuzzerTestOneInput
out=${0%%/*}
export LD_LIBRARY_PATH=$out/lib CPGCERT_FUZZ_LIBCPG=$out/libcpg.so.4
%s
exec "$out/lib/target" "$@"
'''


def unpack(tars, out):
    for tar in tars:
        with tarfile.open(tar) as archive:
            archive.extractall(out)


class GateTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.whole = cls.folder / 'whole'
        unpack(TARS, cls.whole)
        cls.event_decoder = cls.folder / 'event_decoder'
        unpack(TARS[:1], cls.event_decoder)

    def setUp(self):
        # A copy in which files are replaced, never written to.
        self.out = self.folder / self.id()
        shutil.copytree(self.event_decoder, self.out, copy_function=os.link)
        self.addCleanup(shutil.rmtree, self.out)

    def replace(self, name, content, mode=0o644):
        path = self.out / name
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(mode)

    def replace_seeds(self, keep=lambda name: True, more=()):
        name = f'{TARGET}_seed_corpus.zip'
        with zipfile.ZipFile(self.event_decoder / name) as archive:
            seeds = {seed: archive.read(seed) for seed in archive.namelist()
                     if keep(seed)}
        (self.out / name).unlink()
        with zipfile.ZipFile(self.out / name, 'w') as archive:
            for seed, content in {**seeds, **dict(more)}.items():
                archive.writestr(seed, content)

    def wrap(self, lines):
        (self.out / TARGET).rename(self.out / 'lib' / 'target')
        self.replace(TARGET, (WRAPPER % lines).encode(), 0o755)

    def gate(self, *arguments, out=None):
        done = subprocess.run([GATE, *arguments, out or self.out], text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout

    def expect_failure(self, check, text, *more):
        status, output = self.gate('--check', check, *more)
        self.assertEqual(status, 1, output)
        self.assertIn(f'{check}: ', output)
        self.assertIn(text, output)

    def test_what_is_built_passes(self):
        names = [argument for tar in TARS
                 for argument in ('--target', tar.name[:-len('_oss_fuzz.tar')])]
        status, output = self.gate('--library', LIBRARY, *names,
                                   out=self.whole)
        self.assertEqual(status, 0, output)
        for tar in TARS:
            self.assertIn(f'passed {tar.name[:-len("_oss_fuzz.tar")]} clean',
                          output)

    def test_missing_target(self):
        status, output = self.gate('--check', 'clean', '--target', 'other')
        self.assertEqual(status, 1)
        self.assertIn('FAILED other: not there', output)

    def test_no_targets(self):
        empty = self.out / 'lib' / 'empty'
        empty.mkdir()
        self.assertEqual(self.gate(out=empty)[0], 1)

    def test_no_seeds(self):
        self.replace_seeds(lambda name: False)
        self.expect_failure('contents', 'is empty')

    def test_empty_seed(self):
        self.replace_seeds(more={'nothing': b''})
        self.expect_failure('contents', 'nothing is empty')

    def test_truncated_seeds(self):
        name = f'{TARGET}_seed_corpus.zip'
        self.replace(name, (self.out / name).read_bytes()[:1000])
        self.expect_failure('contents', 'zip')

    def test_broken_dictionary(self):
        self.replace(f'{TARGET}.dict', b'no word\n')
        self.expect_failure('contents', 'libFuzzer does not take')

    def test_no_options(self):
        (self.out / f'{TARGET}.options').unlink()
        self.expect_failure('contents', 'has no [libfuzzer]')

    def test_name_with_a_period(self):
        (self.out / TARGET).rename(self.out / 'event.decoder')
        self.expect_failure('contents', 'a name that is not taken')

    def test_shared_library_of_this_machine(self):
        (self.out / 'lib' / 'libfmt.so.9').unlink()
        self.expect_failure('moved', 'needs libfmt.so.9')

    def test_library_of_this_machine(self):
        (self.out / 'libcpg.so.4').unlink()
        self.expect_failure('moved', 'libcpg.so.4')

    def test_program_of_its_folder(self):
        # It starts only where it was built.
        self.wrap(f'out={self.out}')
        self.expect_failure('moved', '')

    def test_library_that_does_not_count(self):
        self.replace('libcpg.so.4', LIBRARY.read_bytes())
        self.expect_failure('library', 'does not count its blocks')

    def test_seeds_that_reach_little_of_the_library(self):
        self.replace_seeds(lambda name: False, {'short': b'\2\1\0\0\0\5'})
        self.expect_failure('library', ' blocks of libcpg.so.4 reached')

    def test_arm_that_no_seed_reaches(self):
        self.replace_seeds(lambda name: not name.startswith('recorded_') and
                           'totem' not in name and name != 'session')
        self.expect_failure('arms', 'no seed reaches DecodeTotemChange')

    def test_arm_that_is_not_there(self):
        arms = self.out / 'targets.toml'
        arms.write_text(f'[{TARGET}]\nfunctions = ["DecodeNothing"]\n')
        self.expect_failure('arms', 'has no function DecodeNothing',
                            '--facts', arms)

    def test_target_without_arms(self):
        arms = self.out / 'targets.toml'
        arms.write_text('')
        self.expect_failure('arms', 'has no functions', '--facts', arms)

    def test_seed_that_is_not_clean(self):
        self.replace('libcpg.so.4', MUTANT.read_bytes())
        self.expect_failure('clean', 'configuration event')

    def test_seed_that_reaches_something_else(self):
        self.replace_seeds(lambda name: name in ('join', 'leave', 'session'))
        self.wrap('echo >> "$out/runs"\n'
                  'mapfile -t runs < "$out/runs"\n'
                  'if ((${#runs[@]} % 2)); then set -- "$@" -max_len=7; fi')
        self.expect_failure('repeatable', 'when it runs again')

    def test_seed_that_says_something_else(self):
        self.replace_seeds(lambda name: name in ('join', 'leave', 'session'))
        self.wrap('echo >> "$out/runs"\n'
                  'mapfile -t runs < "$out/runs"\n'
                  '[[ $* == *-merge* ]] || echo "run ${#runs[@]}"')
        self.expect_failure('repeatable', 'say something else')

    def test_binary_that_is_no_library(self):
        self.expect_failure('binary', 'blocks', '--library', GATE)

    def test_binary_that_counts_by_itself(self):
        self.expect_failure('binary', 'not covered by breakpoints',
                            '--library', self.out / 'libcpg.so.4')


if __name__ == '__main__':
    unittest.main()
