#!/usr/bin/env python3
"""certify refuses what it cannot judge: status 2, one line, nothing left."""

import os
import pathlib
import shutil
import sys
import unittest

sys.dont_write_bytecode = True
from certify_testing import (  # pylint: disable=wrong-import-position
    CertifyTest, ONE_PASSING, inside, library)

PAGE = 4096


class BadUsage(CertifyTest):

    def refuse(self, *arguments, says):
        self.expect_one_line(self.certify(*arguments), *says)

    def test_options(self):
        self.refuse('--nonsense', says=['--nonsense', 'certify --help'])
        self.refuse('stray', says=['stray'])
        self.refuse('--jobs', '0', says=['--jobs: Value 0 not in range 1'])
        self.refuse('--jobs', 'x', says=['--jobs'])
        self.refuse('--seed', '-1', says=['--seed'])
        self.refuse('--tier', 'bad', says=[
            "'bad' is no tier; there are documented, header, observed"])

    def test_selection(self):
        self.refuse('--only', 'NOBODY*', says=[
            "no case matches --only 'NOBODY*'", '--list'])
        self.refuse('--profile', 'api,nope', says=[
            "no profile is called 'nope'; there are api, faults"])
        self.refuse('--profile', 'faults', '--only', ONE_PASSING,
                    says=['in the profiles asked for'])
        self.expect_one_line(
            self.certify('--list', '--only', 'NOBODY*'), 'no case matches')

    def test_service(self):
        for word in ('nonsense', 'exec:', ''):
            self.refuse('--service', word, says=[
                f"--service: '{word}' is no service; there are corosync, "
                'scripted, running, exec:COMMAND'])


class BadLibrary(CertifyTest):

    def refuse(self, path, says, **how):
        self.expect_one_line(
            self.certify('--libcpg', str(path), '--only', ONE_PASSING, **how),
            f'certify: {path}: {says}')

    def altered(self, name, offset, value):
        """The machine's libcpg with another byte in its ELF header."""
        content = bytearray(pathlib.Path(library()).read_bytes())
        content[offset] = value
        file = self.folder / name
        file.write_bytes(content)
        return file

    def test_no_file(self):
        self.refuse('no/such.so', 'No such file or directory')
        self.refuse(self.folder, 'not a regular file')
        self.refuse('/dev/null', 'not a regular file')
        fifo = self.folder / 'fifo'
        os.mkfifo(fifo)
        self.refuse(fifo, 'not a regular file')

    def test_unreadable(self):
        file = self.folder / 'unreadable.so'
        file.touch(mode=0)
        # Nobody knows root there, so not even root may read it.
        self.refuse(file, 'Permission denied', prefix=('unshare', '--user'))

    def test_no_shared_object(self):
        text = self.folder / 'text.so'
        text.write_text('hello\n')
        self.refuse(text, 'not an ELF file')
        text.write_text('')
        self.refuse(text, 'not an ELF file')
        self.refuse(self.altered('relocatable.o', 16, 1),
                    'not a shared object')

    def test_truncated(self):
        content = pathlib.Path(library()).read_bytes()
        cut = self.folder / 'cut.so'
        cut.write_bytes(content[:len(content) // 2])
        self.refuse(cut, 'cut short')
        cut.write_bytes(content[:40])
        self.refuse(cut, 'not an ELF file')

    def test_other_architecture(self):
        machine = 183 if os.uname().machine == 'x86_64' else 62
        self.refuse(self.altered('machine.so', 18, machine),
                    "built for another architecture than this machine's")
        self.refuse(self.altered('bits.so', 4, 1),
                    "built for another architecture than this machine's")

    def test_other_library(self):
        libc = pathlib.Path(library()).parent / 'libc.so.6'
        self.refuse(libc, 'exports no function of libcpg, such as '
                    'cpg_dispatch')
        self.refuse('/bin/sh', 'exports no function of libcpg')


class BadDeviations(CertifyTest):

    def refuse(self, text, says):
        (self.folder / 'd.toml').write_text(text)
        self.expect_one_line(
            self.certify('--deviations', 'd.toml', '--only', ONE_PASSING),
            f'certify: d.toml:{says}')

    def test_no_file(self):
        self.expect_one_line(
            self.certify('--deviations', 'missing', '--only', ONE_PASSING),
            'certify: missing: cannot be read: No such file or directory')
        self.expect_one_line(
            self.certify('--deviations', '/', '--only', ONE_PASSING),
            'certify: /: cannot be read: Is a directory')

    def test_broken(self):
        self.refuse('[[[', '1: ')
        self.refuse('implementation = "i\n', '1: ')
        self.refuse('', '1: the file must have the key "implementation"')
        self.refuse('implementation = "i"\nfoo = 1\n',
                    '2: the file has an unknown key "foo"')
        self.refuse('implementation = "i"\n[[deviation]]\nwhen = "now"\n',
                    '3: a deviation has an unknown key "when"')


class BadMachine(CertifyTest):

    def test_no_corosync(self):
        done = self.certify('--only', ONE_PASSING, prefix=inside(
            'mount -t tmpfs none /usr/sbin'))
        self.expect_one_line(done, 'no corosync on this machine: install the '
                             'package corosync')

    def test_no_user_namespaces(self):
        done = self.certify('--only', ONE_PASSING, prefix=inside(
            'echo 0 >/proc/sys/user/max_user_namespaces'))
        self.expect_one_line(
            done, 'cannot make namespaces: user namespace: ',
            'user.max_user_namespaces is 0: as root, run "sysctl -w ')

    def test_no_libcpg(self):
        done = self.certify('--only', ONE_PASSING, prefix=inside(
            f'mount --bind /dev/null {os.path.realpath(library())}'))
        self.expect_one_line(done, 'this machine has no libcpg: install the '
                             'package libcpg4, or name a library with --libcpg')


class BadPlace(CertifyTest):

    def test_below_a_file(self):
        (self.folder / 'file').touch()
        for place in ('file', 'file/below', '/proc/nothing/here'):
            self.expect_one_line(
                self.certify('--only', ONE_PASSING, '--out', place),
                f'certify: cannot write {place}')
        self.assertEqual(self.files(self.folder), ['file'])

    def on_small_disk(self, pages, fill=''):
        """Runs on a disk of so many pages; returns also what is there then."""
        self.out.mkdir()
        listing = self.folder / 'listing'
        done = self.certify('--only', ONE_PASSING, prefix=inside(f"""
            mount -t tmpfs -o size={pages * PAGE} none {self.out}
            {fill}
            status=0
            "$@" || status=$?
            ls -A {self.out} >{listing}
            exit $status"""))
        self.out.rmdir()
        return done, listing.read_text().split()

    def test_full_before(self):
        done, files = self.on_small_disk(
            1, f'head -c {PAGE} /dev/zero >{self.out}/old')
        self.expect_one_line(done, f'certify: cannot write {self.out}',
                             'No space left on device')
        self.assertEqual(files, ['old'])

    def test_full_while_writing(self):
        """The page for people does not fit; what does is kept."""
        self.certify('--only', ONE_PASSING)
        trace, = (self.out / 'traces').iterdir()
        json, html, junit, trace = (
            -(-(self.out / name).stat().st_size // PAGE)
            for name in ('certificate.json', 'certificate.html', 'junit.xml',
                         trace))
        self.assertGreater(html, junit)
        shutil.rmtree(self.out)
        done, files = self.on_small_disk(json + html + trace - 1)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stderr, '1 of 1 case, 0 unfavourable\n'
                         f'certify: cannot write {self.out}/certificate.html: '
                         'No space left on device\n')
        self.assertEqual(files, ['certificate.json', 'junit.xml', 'traces'])
        self.expect_no_descendant(0)


if __name__ == '__main__':
    unittest.main()
