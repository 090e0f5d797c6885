#!/usr/bin/env python3
"""The steps of the workflow do what they say, on certificates of this library.

usage: workflow_test.py WORKFLOW CERTIFY TEST BROKEN_TEST

The steps run as they are written, in their order; curl and bazel are stand-ins
that reach nothing but the files here. What installs something is only read.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

import yaml

WORKFLOW, CERTIFY, TEST, BROKEN_TEST = (
    pathlib.Path(word).resolve() for word in sys.argv[1:])
JOB = yaml.safe_load(WORKFLOW.read_text(encoding='utf-8'))
STEPS = {step['name']: step for step in JOB['jobs']['certify']['steps']
         if 'run' in step}
INSTALL = ['Install Bazel', 'Install what cpgcert needs', 'Certify']
COLLECT, COMPARE, SHOW, RELEASE = (
    'Collect the certificate', 'Compare with the last release',
    'Show the summary on the page of the job',
    'Add the certificate to the release')

BAZEL = '''#!/bin/bash
[[ "$1 $2 $3" = 'run @cpgcert//cli:certify --' ]] || exit 9
exec "$CERTIFY" "${@:4}"
'''
# Fetches the released certificate, or says what it would send.
CURL = '''#!/bin/bash
output='' data=''
while [[ $# -gt 1 ]]; do
  case $1 in
    --output) output=$2; shift ;;
    --data-binary) data=${2#@}; shift ;;
    --header) shift ;;
  esac
  shift
done
if [[ -n $data ]]; then
  echo "$data $1" >>"$SENT"
else
  cp "$RELEASED" "$output" 2>/dev/null || exit 22
fi
'''


class Workflow(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name, text in (('bazel', BAZEL), ('curl', CURL)):
            program = self.root / 'bin' / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(text)
            program.chmod(0o755)
        self.checkout = self.root / 'checkout'
        self.checkout.mkdir()
        self.page = self.root / 'summary.md'
        self.sent = self.root / 'sent'
        self.released = self.root / 'released.json'

    def certify(self, test):
        """Leaves what `bazel test` would leave."""
        logs = self.checkout / 'bazel-testlogs' / JOB['env']['TEST']
        outputs = logs / 'test.outputs'
        outputs.mkdir(parents=True, exist_ok=True)
        environment = dict(os.environ, TEST_UNDECLARED_OUTPUTS_DIR=str(outputs))
        environment.pop('XML_OUTPUT_FILE', None)
        with open(logs / 'test.log', 'w', encoding='utf-8') as log:
            subprocess.run([test], env=environment, stdout=log, check=False)
        self.assertTrue((outputs / 'certificate.json').exists())
        return outputs

    def run_step(self, name, **more):
        step = STEPS[name]
        environment = {
            'PATH': f'{self.root}/bin:/usr/bin:/bin', 'HOME': str(self.root),
            'CERTIFY': str(CERTIFY), 'SENT': str(self.sent),
            'RELEASED': str(self.released),
            'GITHUB_SERVER_URL': 'https://example.org',
            'GITHUB_REPOSITORY': 'acme/cpg',
            'GITHUB_STEP_SUMMARY': str(self.page), **JOB['env'], **more}
        return subprocess.run(
            ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c',
             step['run']], env=environment, cwd=self.checkout, text=True,
            capture_output=True, check=False)

    def expect(self, name, status=0):
        done = self.run_step(name)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)

    def test_steps_are_those_that_are_known(self):
        self.assertEqual(list(STEPS),
                         INSTALL + [COLLECT, COMPARE, SHOW, RELEASE])
        for name in INSTALL:
            subprocess.run(['bash', '-n', '-c', STEPS[name]['run']], check=True)
        # A failed test, or one that got worse, is shown all the same.
        for name in (COLLECT, COMPARE, SHOW):
            self.assertEqual(STEPS[name]['if'], 'always()')

    def test_before_the_first_release(self):
        self.certify(TEST)
        for name in (COLLECT, COMPARE, SHOW):
            self.expect(name)
        page = self.page.read_text()
        for words in ('## Summary', 'CERTIFIED', '## Comparison',
                      'no release has a certificate'):
            self.assertIn(words, page)

    def test_as_good_as_released(self):
        outputs = self.certify(TEST)
        self.released.write_bytes((outputs / 'certificate.json').read_bytes())
        for name in (COLLECT, COMPARE, SHOW):
            self.expect(name)
        self.assertNotIn('no release', self.page.read_text())

    def test_worse_than_released(self):
        good = self.certify(TEST) / 'certificate.json'
        self.released.write_bytes(good.read_bytes())
        outputs = self.certify(BROKEN_TEST)
        with zipfile.ZipFile(outputs / 'outputs.zip', 'w') as archive:
            for file in sorted(outputs.rglob('*')):
                if file.is_file() and file.suffix != '.zip':
                    archive.write(file, file.relative_to(outputs))
        self.expect(COLLECT)
        self.assertTrue((self.checkout / 'certificate/junit.xml').exists())
        self.expect(COMPARE, 1)
        self.expect(SHOW)
        page = self.page.read_text()
        self.assertIn('NOT CERTIFIED', page)
        self.assertRegex(page, 'LOCAL-01/Joined')

    def test_release(self):
        self.certify(TEST)
        self.expect(COLLECT)
        done = self.run_step(
            RELEASE, TOKEN='t',
            UPLOAD_URL='https://example.org/assets{?name,label}')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.sent.read_text().splitlines(), [
            f'certificate/{name} https://example.org/assets?name={name}'
            for name in ('certificate.json', 'certificate.html')])


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
