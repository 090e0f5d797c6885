"""Runs certify for its tests, and looks at what it leaves behind.

The tests run in the runfiles directory, where cli/certify and the deviations
file lie where they do in a checkout.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree

CERTIFY = os.path.realpath('cli/certify')
# Quick cases; the second fails, but for its deviation.
PASSING = 'DISPATCH-05/OneNonblocking/Joined/OneMessage/AllCallbacks/*'
ONE_PASSING = PASSING.replace('*', 'Undisturbed')
DEVIANT = 'DISPATCH-02/One/Joined/MessageInFragments/AllCallbacks/Undisturbed'
REPORTS = ['certificate.html', 'certificate.json', 'junit.xml', 'traces']
DEADLINE = 60  # seconds, for what takes one on an idle machine

PR_SET_CHILD_SUBREAPER = 36


def library():
    """The libcpg of this machine."""
    lines = subprocess.run(['/sbin/ldconfig', '-p'], text=True, check=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    return next(line.split(' => ')[1]
                for line in lines if 'libcpg.so.4' in line)


def inside(script):
    """A prefix: mount and user namespaces in which `script` runs first.

    The command is "$@" there; without it in the script, it comes last.
    """
    if '"$@"' not in script:
        script += '\nexec "$@"'
    return ('unshare', '--user', '--map-root-user', '--mount',
            '--propagation', 'private', 'sh', '-euc', script, 'sh')


def read_to_the_end(terminal):
    """What was written to the other end, until nobody holds that any more."""
    shown = b''
    with contextlib.suppress(OSError):
        while chunk := os.read(terminal, 65536):
            shown += chunk
    return shown


def descendants():
    """Ids of all living processes below this one."""
    parents = {}
    for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
        try:
            state, parent = stat.read_text().rsplit(') ', 1)[1].split()[:2]
        except OSError:
            continue  # it has ended meanwhile
        if state not in 'ZX':
            parents[int(stat.parent.name)] = int(parent)
    below = {os.getpid()}
    while True:
        more = {child for child, parent in parents.items() if parent in below}
        if more <= below:
            return below - {os.getpid()}
        below |= more


class CertifyTest(unittest.TestCase):
    """A folder of its own for each test; whatever is orphaned comes to it."""

    @classmethod
    def setUpClass(cls):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def setUp(self):
        self.folder = pathlib.Path(
            tempfile.mkdtemp(dir=os.environ.get('TEST_TMPDIR')))
        self.addCleanup(shutil.rmtree, self.folder)
        self.out = self.folder / 'out'
        self.addCleanup(self.kill_descendants)

    def kill_descendants(self):
        for process in descendants():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def environment(self, **more):
        """Nothing of Bazel's but what a test asks for."""
        return {'PATH': '/usr/bin:/bin:/usr/sbin:/sbin',
                'CPGCERT_ROOT': os.getcwd(), **more}

    def certify(self, *arguments, prefix=(), **environment):
        """Runs it to its end; it writes to self.out, or to no_out=True."""
        deadline = environment.pop('deadline', DEADLINE)
        if not environment.pop('no_out', '--out' in arguments):
            arguments += ('--out', self.out)
        return subprocess.run(
            [*prefix, CERTIFY, *arguments], cwd=self.folder, text=True,
            env=self.environment(**environment), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=deadline,
            check=False)

    def start(self, *arguments):
        """Starts it on the whole suite, until it has said how far it is."""
        running = subprocess.Popen(
            [CERTIFY, '--out', self.out, *arguments], cwd=self.folder,
            text=True, env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(running.communicate)
        self.addCleanup(running.kill)
        self.assertRegex(running.stderr.readline(), r'^\d+ of \d+ cases')
        return running

    def expect_no_descendant(self, seconds):
        """None is left, or none after that time."""
        end = time.monotonic() + seconds
        # One that changes its parent during a look may be missed by it.
        while left := descendants() or descendants():
            self.assertLess(time.monotonic(), end, f'left: {left}')

    def expect_one_line(self, done, *words):
        """Could not judge: exit status 2, one line, and no report."""
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, '')
        self.assertRegex(done.stderr, r'\Acertify: [^\n]+\n\Z')
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertFalse(self.out.exists())
        self.expect_no_descendant(0)

    def wrote(self):
        """The last line on stderr of a run that wrote all it was to write."""
        return ('wrote certificate.html, certificate.json, junit.xml and '
                f'traces to {self.out}\n')

    def certificate(self):
        return json.loads((self.out / 'certificate.json').read_text())

    def junit(self, file=None):
        file = file or self.out / 'junit.xml'
        return xml.etree.ElementTree.parse(file).getroot()

    def files(self, folder=None):
        return sorted(os.listdir(folder or self.out))
