"""Copies of what a run wrote, forged as one would who wants to be certified."""

import gzip
import hashlib
import json
import shutil

# Best first, see harness/verdict.h.
VERDICTS = ['pass', 'unsupported', 'untested', 'inconclusive', 'fail', 'crash',
            'hang', 'error']
UNFAVOURABLE = ['fail', 'crash', 'hang']


def verdict_for(case, requirement):
    """What the case says about one of its requirements."""
    if case['verdict'] != 'fail':
        return case['verdict']
    named = {failure['requirement'] for failure in case['failures']}
    return 'fail' if requirement in named else 'pass'


def worst(verdicts):
    return max(verdicts, key=VERDICTS.index)


class Forgery:
    """A folder with a certificate and its traces, to be changed and written."""

    def __init__(self, original, folder):
        shutil.copytree(original, folder)
        self.folder = folder
        self.certificate = json.loads(
            (folder / 'certificate.json').read_text())

    @property
    def cases(self):
        return self.certificate['cases']

    def write(self):
        text = json.dumps(self.certificate)
        (self.folder / 'certificate.json').write_text(text)

    def case(self, name):
        return next(case for case in self.cases if case['name'] == name)

    def first(self, verdict):
        return next(case for case in self.cases if case['verdict'] == verdict)

    def requirement(self, name):
        return next(row for row in self.certificate['requirements']
                    if row['id'] == name)

    def set_verdict(self, case, verdict):
        """All that the certificate says of the case is as if it were so."""
        case.update(verdict=verdict, message='', failures=[], deviation=False,
                    deviation_reason='')
        if verdict == 'fail':
            case['failures'] = [{'requirement': case['requirements'][0],
                                 'text': 'owed: x\ncame: y\n'}]
        if verdict != 'pass':
            case['message'] = 'requires something'

    def judge_again(self):
        """Requirements and counts follow from the cases."""
        tiers = {}
        for row in self.certificate['requirements']:
            self.judge_requirement(row)
            tiers.setdefault((row['profile'], row['tier']), []).append(row)
        for profile in self.certificate['profiles']:
            self.judge_tier(profile, tiers[profile['name'], profile['tier']])
        self.certificate['certified'] = all(
            profile['certified'] for profile in self.certificate['profiles'])

    def judge_requirement(self, row):
        deciding = [case for case in self.cases
                    if row['id'] in case['requirements']]
        row['verdict'] = worst(verdict_for(case, row['id'])
                               for case in deciding)
        others = [verdict_for(case, row['id']) for case in deciding
                  if not case['deviation']]
        row['deviation'] = (row['verdict'] in UNFAVOURABLE and
                            all(verdict == 'pass' for verdict in others))

    def judge_tier(self, profile, rows):
        ids = {row['id'] for row in rows}
        counts = dict.fromkeys([*VERDICTS, 'deviation'], 0)
        for case in self.cases:
            decided = ids.intersection(case['requirements'])
            if decided:
                verdict = worst(verdict_for(case, name) for name in decided)
                known = case['deviation'] and verdict in UNFAVOURABLE
                counts['deviation' if known else verdict] += 1
        profile.update(counts, certified=all(
            row['verdict'] == 'pass' or
            (row['deviation'] and row['tier'] != 'documented')
            for row in rows))

    def trace_file(self, case):
        return self.folder / 'traces' / (case['trace'] + '.jsonl.gz')

    def trace(self, case):
        """Its lines, as what the JSON in them says."""
        text = gzip.decompress(self.trace_file(case).read_bytes()).decode()
        return [json.loads(line) for line in text.splitlines()]

    def set_trace(self, case, lines):
        self.set_bytes(case, gzip.compress(''.join(
            json.dumps(line) + '\n' for line in lines).encode()))

    def set_bytes(self, case, packed):
        """The file has the name that it should have."""
        case['trace'] = hashlib.sha256(packed).hexdigest()
        self.trace_file(case).write_bytes(packed)
