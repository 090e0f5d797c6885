"""Ways to forge a certificate and its traces, and why each is refused.

A way is a function of a Forgery. It returns the name of the case that it is
about, if there is one.
"""

import os
import zlib

NO_MESSAGE = ('DISPATCH-05/OneNonblocking/Joined/NothingPending/AllCallbacks/'
              'Undisturbed')
TWO_THREADS = ('DISPATCH-02/One/Joined/NothingPending/AllCallbacks/'
               'OtherThreadFinalizes')
CRASHING = 'DISPATCH-02/One/Joined/MessageInFragments/NoDeliver/Undisturbed'
NO_ERROR = 1  # CS_OK
TRY_AGAIN = 6  # CS_ERR_TRY_AGAIN
BAD_HANDLE = 9  # CS_ERR_BAD_HANDLE


def returns(trace, code):
    """The events in which a call returns that code."""
    return [event for event in trace
            if 'return' in event and event['with']['code'] == code]


def one_verdict_to_fail(forged):
    case = forged.first('pass')
    case['verdict'] = 'fail'
    return case['name']


def one_verdict_to_pass(forged):
    case = forged.first('fail')
    case['verdict'] = 'pass'
    return case['name']


def requirement_to_pass(forged):
    forged.requirement('DISPATCH-02').update(verdict='pass', deviation=False)


def case_removed(forged):
    return forged.cases.pop(0)['name']


def case_twice(forged):
    forged.cases.append(forged.first('pass'))
    return forged.cases[-1]['name']


def case_invented(forged):
    forged.cases.append({**forged.first('pass'), 'name': 'DISPATCH-05/Fine'})
    return 'DISPATCH-05/Fine'


def case_decides_less(forged):
    case = forged.first('fail')
    case['requirements'].remove('DISPATCH-02')
    return case['name']


def case_decides_more(forged):
    case = forged.first('pass')
    case['requirements'].append('JOIN-01')
    return case['name']


def case_of_another_profile(forged):
    case = forged.first('pass')
    case['profile'] = 'faults'
    return case['name']


def another_library(forged):
    forged.certificate['implementation']['sha256'] = '00'


def another_suite(forged):
    forged.certificate['suite']['fingerprint'] = '00'


def sentence_softened(forged):
    forged.requirement('DISPATCH-02')['sentence'] = 'It may return.'


def requirement_removed(forged):
    forged.certificate['requirements'].remove(
        forged.requirement('DISPATCH-02'))


def requirement_twice(forged):
    forged.certificate['requirements'].append(
        {**forged.requirement('DISPATCH-02'), 'verdict': 'pass',
         'deviation': False})


def counts_changed(forged):
    forged.certificate['profiles'][0]['pass'] += 1
    forged.certificate['profiles'][0]['deviation'] -= 1


def certified(forged):
    forged.certificate['certified'] = True


def tier_certified(forged):
    forged.certificate['profiles'][0]['certified'] = True


def deviation_unmarked(forged):
    case = forged.first('fail')
    case.update(deviation=False, deviation_reason='')
    return case['name']


def deviation_marked(forged):
    case = forged.first('pass')
    case.update(deviation=True, deviation_reason='It is known.')
    return case['name']


def deviation_for_another_reason(forged):
    case = forged.first('fail')
    case['deviation_reason'] = 'It is known.'
    return case['name']


def asked_for_less(forged):
    forged.certificate['asked']['only'] = 'DISPATCH-05/*'
    return forged.first('fail')['name']


def another_schema(forged):
    forged.certificate['schema'] = 2


def terminal_steered(forged):
    forged.cases[0]['name'] = 'A\x1b[2J\nrefused: nothing'


# To each the reasons that must be among those that are given.
WITH_THE_CERTIFICATE = (
    (one_verdict_to_fail, '{} says fail and holds 0 failures',
     '{} says fail without a message',
     '{}: it is pass by its trace, not fail'),
    (one_verdict_to_pass, '{} says pass and holds 1 failures',
     '{} says pass with a message', '{}: it is fail by its trace, not pass'),
    (requirement_to_pass,
     'DISPATCH-02: crash (deviation) by its cases, not pass'),
    (case_removed, '{} is missing',
     'the counts of api documented are not those of its cases'),
    (case_twice, '{} is listed twice'),
    (case_invented, '{} is no case of what was asked for'),
    (case_decides_less, '{} no longer decides DISPATCH-02',
     '{}: by its trace it decides other requirements than it says'),
    (case_decides_more,
     '{}: by its trace it decides other requirements than it says'),
    (case_of_another_profile, '{} is of the profile api, not faults'),
    (another_library,
     'it is about another library: SHA-256 00, and this one has '),
    (another_suite,
     'it was made by a suite with other requirements or cases: version '),
    (sentence_softened, "DISPATCH-02 is not what this suite's table says"),
    (requirement_removed, 'the requirement DISPATCH-02 is missing'),
    (requirement_twice, 'the requirement DISPATCH-02 is listed twice'),
    (counts_changed,
     'the counts of api documented are not those of its cases'),
    (certified, 'certified: no by its cases, not yes'),
    (tier_certified,
     'api documented: certified: no by its cases, not yes'),
    (deviation_unmarked,
     '{} is a deviation by the file of known deviations'),
    (deviation_marked,
     '{} is not a deviation by the file of known deviations'),
    (deviation_for_another_reason,
     '{} is a deviation by the file of known deviations'),
    (asked_for_less, '{} is no case of what was asked for',
     'the requirement DISPATCH-02 is none of what was asked for'),
    (another_schema, 'schema: must be 1, not 2'),
    (terminal_steered, r'A\x1b[2J\nrefused: nothing is no case of what was '
     'asked for'),
)


def fail_told_as_a_pass(forged):
    case = forged.first('fail')
    forged.set_verdict(case, 'pass')
    forged.judge_again()
    return case['name']


def pass_told_as_a_fail(forged):
    case = forged.first('pass')
    forged.set_verdict(case, 'fail')
    forged.judge_again()
    return case['name']


def crash_told_as_a_pass(forged):
    case = forged.first('crash')
    forged.set_verdict(case, 'pass')
    forged.judge_again()
    return case['name']


def crash_told_as_a_fail(forged):
    case = forged.first('crash')
    forged.set_verdict(case, 'fail')
    forged.judge_again()
    return case['name']


def fail_for_another_reason(forged):
    case = forged.first('fail')
    case['failures'][0]['text'] = 'owed: little\ncame: almost all of it\n'
    return case['name']


def trace_removed(forged):
    case = forged.first('fail')
    forged.trace_file(case).unlink()
    return case['name']


def byte_changed(forged):
    case = forged.first('pass')
    packed = bytearray(forged.trace_file(case).read_bytes())
    packed[len(packed) // 2] ^= 1
    forged.trace_file(case).write_bytes(packed)
    return case['name']


def error_made_ok(forged):
    """Another thread has finalized the handle of the call."""
    case = forged.case(TWO_THREADS)
    trace = forged.trace(case)
    returns(trace, BAD_HANDLE)[-1]['with']['code'] = NO_ERROR
    forged.set_trace(case, trace)
    return case['name']


def ok_made_error(forged):
    case = forged.case(TWO_THREADS)
    trace = forged.trace(case)
    joins = [event for event in trace if event.get('return') == 'cpg_join']
    joins[0]['with']['code'] = TRY_AGAIN
    forged.set_trace(case, trace)
    return case['name']


def return_removed(forged):
    case = forged.case(NO_MESSAGE)
    trace = forged.trace(case)
    trace.remove(returns(trace, TRY_AGAIN)[0])
    forged.set_trace(case, trace)
    return case['name']


def event_added(forged):
    case = forged.case(NO_MESSAGE)
    trace = forged.trace(case)
    trace.insert(-1, {'thread': 0, 'call': 'cpg_leave', 'with': {}})
    forged.set_trace(case, trace)
    return case['name']


def value_of_another_type(forged):
    case = forged.case(NO_MESSAGE)
    trace = forged.trace(case)
    returns(trace, TRY_AGAIN)[0]['with']['code'] = [TRY_AGAIN]
    forged.set_trace(case, trace)
    return case['name']


def line_that_is_no_event(forged):
    case = forged.case(NO_MESSAGE)
    trace = forged.trace(case)
    trace.insert(1, 'thread')
    forged.set_trace(case, trace)
    return case['name']


def last_line_removed(forged):
    case = forged.case(NO_MESSAGE)
    forged.set_trace(case, forged.trace(case)[:-1])
    return case['name']


def trace_of_another_case(forged):
    case = forged.case(NO_MESSAGE)
    case['trace'] = forged.case(TWO_THREADS)['trace']
    return case['name']


def trace_key_removed(forged):
    case = forged.first('fail')
    del case['trace']
    return case['name']


def crash_ends_as_a_pass(forged):
    case = forged.case(CRASHING)
    trace = forged.trace(case)
    trace[-1] = {'end': 'exited with status 0', 'verdict': 'pass',
                 'incomplete': False}
    forged.set_trace(case, trace)
    forged.set_verdict(case, 'pass')
    forged.judge_again()
    return case['name']


def pass_ends_as_a_crash(forged):
    """Less than the certificate says, and not what the case does."""
    case = forged.case(NO_MESSAGE)
    trace = forged.trace(case)
    trace[-1] = {'end': 'killed', 'verdict': 'crash', 'incomplete': False}
    forged.set_trace(case, trace)
    return case['name']


def trace_incomplete(forged):
    case = forged.case(NO_MESSAGE)
    trace = forged.trace(case)
    trace[-1]['incomplete'] = True
    forged.set_trace(case, trace)
    return case['name']


def gzip_bomb(forged):
    case = forged.case(NO_MESSAGE)
    packer = zlib.compressobj(wbits=31)
    packed = [packer.compress(bytes(1 << 24)) for _ in range(17)]
    forged.set_bytes(case, b''.join(packed) + packer.flush())
    return case['name']


def garbage(forged):
    case = forged.case(NO_MESSAGE)
    forged.set_bytes(case, b'garbage' * 100)
    return case['name']


def gzip_file_cut(forged):
    case = forged.case(NO_MESSAGE)
    forged.set_bytes(case, forged.trace_file(case).read_bytes()[:-9])
    return case['name']


def name_of_another_file(forged):
    """The name of the file would end at the 0; the file has no end."""
    case = forged.case(NO_MESSAGE)
    case['trace'] = '../' * 20 + 'dev/zero\0'
    return case['name']


def pipe_without_a_writer(forged):
    case = forged.case(NO_MESSAGE)
    forged.trace_file(case).unlink()
    os.mkfifo(forged.trace_file(case))
    return case['name']


NOT_OF_IT = '{}: its trace is not one of this case: '
# To each the only reason that may be given (* is anything): all else is as it
# should be.
WITH_THE_TRACES = (
    (fail_told_as_a_pass, '{}: it is fail by its trace, not pass'),
    (pass_told_as_a_fail, '{}: it is pass by its trace, not fail'),
    (crash_told_as_a_pass, '{}: it is crash by its trace, not pass'),
    (crash_told_as_a_fail, '{}: it is crash by its trace, not fail'),
    (fail_for_another_reason,
     '{}: by its trace it fails for other reasons than it says'),
    (trace_removed, '{}: its trace is not there: '),
    (byte_changed, '{}: its trace is not what its name says: '),
    (error_made_ok, '{}: it is fail by its trace, not pass'),
    (ok_made_error, NOT_OF_IT + 'event * is call cpg_membership_get of thread '
     '0; the case has call cpg_join'),
    (return_removed, NOT_OF_IT + 'event * is saw * of thread 1; the case has '
     'return cpg_dispatch'),
    (event_added, NOT_OF_IT +
     '1 events remain when the case has come to its end'),
    (value_of_another_type, NOT_OF_IT +
     'cpg_dispatch: *type must be number, but is array'),
    (line_that_is_no_event, NOT_OF_IT + 'line 1: it is no JSON object'),
    (last_line_removed, NOT_OF_IT),
    (trace_of_another_case, NOT_OF_IT + 'it is the trace of ' + TWO_THREADS),
    (trace_key_removed, '{}: it has no trace'),
    (crash_ends_as_a_pass, NOT_OF_IT + 'the trace ends before its case does'),
    (pass_ends_as_a_crash, '{}: it is crash by its trace, not pass'),
    (trace_incomplete, NOT_OF_IT + 'events are missing in it'),
    (gzip_bomb, '{}: its trace: it is too long'),
    (garbage, '{}: its trace: it is no gzip file, or is cut'),
    (gzip_file_cut, '{}: its trace: it is no gzip file, or is cut'),
    (name_of_another_file, '{}: its trace is not named by a SHA-256: '),
    (pipe_without_a_writer, '{}: its trace is not there: '),
)
