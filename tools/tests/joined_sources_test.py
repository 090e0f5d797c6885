#!/usr/bin/env python3
"""Files that are read as one do not clash, and stand where they stood."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, 'tools')
sys.dont_write_bytecode = True
import joined_sources  # pylint: disable=wrong-import-position

LOCAL = '''#include "box.h"

namespace box {

namespace {

constexpr int kSize = 3;
const char* const kNames[] = {"size", "Size"};

enum class Shape { kRound };
class Size : public Box {
 public:
  int size() const { return kSize; }
};

// Size in a comment.
template <typename Value>
Value Twice(Value value) {
  return value + value;
}

std::vector<std::string>
LongName(int) {
  return {};
}

std::function<int(int)> half = [](int value) { return value / 2; };

}  // namespace

int Box::Measure() const {
  const Box* const other = this;
  return Twice(Size().size()) + half(other->kSize) + box::kSize;
}

}  // namespace box

int main() { return 0; }
'''


class JoinedSources(unittest.TestCase):

    def test_names_of_a_file_alone(self):
        self.assertEqual(joined_sources.local_names(LOCAL),
                         {'kSize', 'kNames', 'Shape', 'Size', 'Twice',
                          'LongName', 'half', 'main'})
        self.assertEqual(joined_sources.local_names('int Shared() {}\n'), set())

    def test_names_get_a_number(self):
        text = joined_sources.with_own_names(
            LOCAL, joined_sources.local_names(LOCAL), 7)
        self.assertEqual(text.count('\n'), LOCAL.count('\n'))
        for line in ('constexpr int kSize_7 = 3;',
                     'class Size_7 : public Box {',
                     '  int size() const { return kSize_7; }',
                     'int Box::Measure() const {',
                     '  return Twice_7(Size_7().size()) + half_7(other->kSize)'
                     ' + box::kSize;',
                     'int main_7() { return 0; }'):
            self.assertIn(line, text.splitlines())

    def test_compiles_as_one(self):
        shared = 'namespace box {{\nint Shared{}() {{ return Local().k; }}\n}}\n'
        local = ('namespace {\n\nstruct Local {\n  int k = 1;\n};\n\n'
                 '}  // namespace\n\n')
        with tempfile.TemporaryDirectory() as folder:
            joined = joined_sources.write_joined(
                pathlib.Path(folder), {f'box/{letter}.cc':
                                       local + shared.format(letter)
                                       for letter in 'ab'})
            done = subprocess.run(['clang-19', '-std=c++20', '-fsyntax-only',
                                   joined], capture_output=True, text=True,
                                  check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == '__main__':
    unittest.main()
