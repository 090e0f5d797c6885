"""Several C++ source files as one, so that their headers are read only once.

A name that a file has for itself (in its anonymous namespace, or `main`) gets
the file's number, so that the files do not clash. Names are found by their
layout, which tools/lint has checked: a declaration of a namespace begins in the
first column. What is missed makes the whole fail to compile, and no worse.
"""

import collections
import re

_OPEN = re.compile(r'^namespace \{$')
_CLOSE = re.compile(r'^\}  // namespace$')
_ATTRIBUTE = re.compile(r'^(?:__attribute__\(\(.*?\)\)|\[\[.*?\]\]) ?')
_TYPE = re.compile(r'^(?:class|struct|union|enum|enum class) (\w+)'
                   r'(?: final)?(?: : .*|;| \{.*)?$')
_ALIAS = re.compile(r'^using (\w+) =')
_NAMED = re.compile(r'(?<![:\w])([A-Za-z_]\w*)(?=\(| =|\{|\[|;)')
_MEMBER = re.compile(r'^ +(?:(?:class|struct|enum|enum class|using) (\w+)\b'
                     r'|[^(\n]*?(\w+)\([^\n]*\boverride\b)', re.MULTILINE)
# What programs and fuzzers begin with, which each has once.
_ENTRY = re.compile(r'^(?:extern "C" )?(?:int|size_t) (main|LLVMFuzzer\w+)\(')
# What may stand before such a sign and names nothing, and what begins a line
# that declares nothing new.
_NO_NAMES = frozenset('''alignas auto bool char decltype double int long noexcept
    nullptr operator requires short signed sizeof static_assert unsigned void'''.split())
_NO_DECLARATION = re.compile(r'^(?:[\s#/})\]:,]|$|namespace\b|using\b|friend\b'
                             r'|template\b|extern\b|static_assert\b'
                             r'|TEST|[A-Z_]+\()')


def _declared(line):
    """The name that a line in the first column declares, or None."""
    line = _ATTRIBUTE.sub('', line)
    if found := _TYPE.match(line) or _ALIAS.match(line):
        return found[1]
    if _NO_DECLARATION.match(line):
        return None
    if re.search(r'\w::~?\w+$', line.split('(', 1)[0]):
        return None  # a member, which its class has declared
    for found in _NAMED.finditer(line):
        if found[1] not in _NO_NAMES and not found[1].endswith('_t'):
            return found[1]
    return None


def local_names(text):
    """The names that a source file declares for itself alone, but for those
    that its classes have too.
    """
    names, is_local = set(), False
    for line in text.splitlines():
        if _OPEN.match(line) or _CLOSE.match(line):
            is_local = bool(_OPEN.match(line))
        elif is_local and (name := _declared(line)):
            names.add(name)
        elif entry := _ENTRY.match(line):
            names.add(entry[1])
    return names - {found[1] or found[2] for found in _MEMBER.finditer(text)}


def with_own_names(text, names, number):
    """The text, these names of it made unlike those of other numbers. No line
    moves.
    """
    if not names:
        return text
    pattern = re.compile(r'(?<![.\w:"/])(?<!->)((?:\w+::)*)(' +
                         '|'.join(sorted(map(re.escape, names))) + r')\b(?!\.h)')

    def renamed(found):
        outer, _, inner = found[0].partition('::')
        if outer in names:  # and if it has members, they keep their names
            return f'{outer}_{number}' + (f'::{inner}' if inner else '')
        # A name of another type or namespace is not ours.
        return f'{found[0]}_{number}' if outer == 'cpgcert' else found[0]

    return pattern.sub(renamed, text)


def write_joined(folder, texts):
    """Writes a file that includes all of `texts` (of path to text), from copies
    beneath `folder`; returns its path.
    """
    names = {path: local_names(text) for path, text in texts.items()}
    count = collections.Counter(name for own in names.values() for name in own)
    lines = []
    for number, (path, text) in enumerate(texts.items()):
        # A variable's name may be a member's elsewhere.
        clashing = {name for name in names[path]
                    if count[name] > 1 or not name.islower()}
        copy = folder / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(with_own_names(text, clashing, number))
        lines.append(f'#include "{copy}"\n')
    joined = folder / 'joined.cc'
    joined.write_text(''.join(lines))
    return joined
