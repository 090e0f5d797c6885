"""What an input of a fuzz target covers, and what code that is."""

import dataclasses
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile

MODULES = re.compile(r'INFO: Loaded \d+ modules?\s+\(\d+ inline 8-bit counters'
                     r'\): (.*)')
MODULE = re.compile(r'(\d+) \[0x')
SECONDS_MAX = 120
# As where OSS-Fuzz runs targets.
ENVIRONMENT = {'UBSAN_OPTIONS': 'silence_unsigned_overflow=1'}
FEATURES_OF_A_BLOCK = 8
# With all memory at the same addresses each time: UndefinedBehaviorSanitizer
# remembers types by their addresses, and does more where two collide.
SAME_ADDRESSES = ('setarch', '-R')


class Unusable(Exception):
    """The target, the library or a tool does not do what is needed here."""


def run(command, **more):
    """Runs it in an environment of its own; returns (status, output)."""
    arguments = {'env': ENVIRONMENT, 'stdin': subprocess.DEVNULL, 'text': True,
                 'errors': 'replace', 'stdout': subprocess.PIPE,
                 'stderr': subprocess.STDOUT, 'timeout': SECONDS_MAX,
                 'check': False, **more}
    try:
        done = subprocess.run([str(part) for part in command], **arguments)
    except subprocess.TimeoutExpired:
        return -1, f'no end after {SECONDS_MAX} s'
    except OSError as error:
        return -1, str(error)
    return done.returncode, done.stdout


@dataclasses.dataclass(frozen=True)
class Coverage:
    features: frozenset  # as libFuzzer numbers them
    blocks: frozenset    # indices in the tables of all modules together
    modules: tuple       # blocks of each; the last is the library's
    output: str

    @property
    def first_of_library(self):
        return sum(self.modules[:-1])

    @property
    def library_blocks(self):
        """Indices in the table of the library."""
        first = self.first_of_library
        return {block - first for block in self.blocks if block >= first}


def measure(target, seeds, library=None):
    """What some seeds cover together, in a process of their own."""
    options = [f'--libcpg={library}'] if library else []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for part in ('merged', 'seeds'):
            (folder / part).mkdir()
        for seed in seeds:
            shutil.copy(seed, folder / 'seeds')
        status, output = run(
            [*SAME_ADDRESSES, target, *options, '-merge=1', '-max_len=1048576',
             '-rss_limit_mb=0',
             f'-merge_control_file={folder}/control', folder / 'merged',
             folder / 'seeds'],
            cwd=folder, env={'PATH': os.defpath, **ENVIRONMENT})
        modules = MODULES.search(output)
        control = folder / 'control'
        if status != 0 or not modules or not control.exists():
            names = ', '.join(seed.name for seed in seeds)
            raise Unusable(f'{target.name} on {names}: status {status}\n'
                           f'{output}')
        numbers = {'FT': set(), 'COV': set()}
        for line in control.read_text().splitlines():
            kind, *words = line.split()
            if kind in numbers:
                numbers[kind].update(int(word) for word in words[1:])
    blocks_of = tuple(int(n) for n in MODULE.findall(modules[1]))
    # Eight for each counter. What follows depends on where the stack lies.
    counted = FEATURES_OF_A_BLOCK * sum(blocks_of)
    return Coverage(frozenset(n for n in numbers['FT'] if n < counted),
                    frozenset(numbers['COV']), blocks_of, output)


def sections(image):
    """(address, offset, size) of each section of an ELF file, by name."""
    if image[:5] != b'\x7fELF\x02':
        raise Unusable('not a 64-bit ELF file')
    table, = struct.unpack_from('<Q', image, 40)
    size, count, names = struct.unpack_from('<HHH', image, 58)
    headers = [struct.unpack_from('<IIQQQQ', image, table + i * size)
               for i in range(count)]
    strings = headers[names][4]
    for name, _, _, address, offset, length in headers:
        end = image.index(b'\0', strings + name)
        yield image[strings + name:end].decode(), (address, offset, length)


def block_addresses(library):
    """Addresses of a library's blocks, in the order of its table."""
    image = library.read_bytes()
    found = dict(sections(image))
    if '__sancov_pcs' not in found:
        raise Unusable(f'{library.name} does not count its blocks')
    first, _, size = found['__sancov_pcs']
    # A table of (address, flags), whose addresses the loader fills in.
    addresses = [0] * (size // 16)
    _, offset, length = found['.rela.dyn']
    relative = 8
    for place, kind, addend in struct.iter_unpack(
            '<QQq', image[offset:offset + length]):
        index, rest = divmod(place - first, 16)
        if kind == relative and rest == 0 and 0 <= index < len(addresses):
            addresses[index] = addend
    return addresses


def symbolizer(out):
    for path in (out / 'llvm-symbolizer', shutil.which('llvm-symbolizer-19'),
                 shutil.which('llvm-symbolizer')):
        if path and pathlib.Path(path).exists():
            return path
    raise Unusable('there is no llvm-symbolizer')


def functions(library, addresses, tool):
    """For each address, the functions that it lies in: names of inlined ones,
    and the linkage name of the one that is called."""
    done = subprocess.run(
        [str(tool), f'--obj={library}', '--inlines', '--functions=linkage',
         '--no-demangle'], text=True, stdout=subprocess.PIPE, check=True,
        input=''.join(f'{address:#x}\n' for address in addresses))
    for block in done.stdout.rstrip('\n').split('\n\n'):
        yield set(block.splitlines()[::2])


def has_function(functions_reached, name):
    """Whether there is a function of that name, in whatever namespace."""
    in_linkage_name = f'{len(name)}{name}E'
    return any(function == name or in_linkage_name in function
               for function in functions_reached)
