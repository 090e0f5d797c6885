#include "fuzz/coverage/loaded_subject.h"

#include <dlfcn.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdlib>
#include <numeric>
#include <stdexcept>

namespace cpgcert::fuzz::coverage {

namespace {

#define SUBJECT_FUNCTION(name) \
  reinterpret_cast<decltype(&::name)>(TheSubject().Function(#name))

std::vector<uint8_t> Program(size_t size) {
  std::vector<uint8_t> program(size);
  for (size_t i = 0; i < size; ++i) {
    program[i] = static_cast<uint8_t>(i * 151 + i / 8);
  }
  return program;
}

std::string Switch() {
  std::string answer;
  for (uint32_t i = 0; i < 12; ++i) {
    answer += fmt::format("{} ", SUBJECT_FUNCTION(subject_switch)(i, 1234567));
  }
  return answer;
}

std::string Tables() {
  std::string answer;
  for (uint32_t i = 0; i < 6; ++i) {
    answer += fmt::format("{} {} ", SUBJECT_FUNCTION(subject_tracked_table)(i),
                          SUBJECT_FUNCTION(subject_slow_table)(i));
  }
  return answer;
}

std::string Programs() {
  const std::vector<uint8_t> program = Program(200);
  return fmt::format(
      "{} {}",
      SUBJECT_FUNCTION(subject_interpret)(program.data(), program.size()),
      SUBJECT_FUNCTION(subject_goto)(program.data(), program.size()));
}

std::string Exceptions() {
  std::string answer = fmt::format("{} {} ", SUBJECT_FUNCTION(subject_catch)(5),
                                   SUBJECT_FUNCTION(subject_long_jump)(5));
  try {
    SUBJECT_FUNCTION(subject_throw)(3);
  } catch (const std::runtime_error& error) {
    answer += error.what();
  }
  return answer;
}

uint64_t CallAgain(uint64_t value) {
  return SUBJECT_FUNCTION(subject_call)(CallAgain, value - 1);
}

std::string Calls() {
  return fmt::format("{} {}", SUBJECT_FUNCTION(subject_recurse)(15),
                     SUBJECT_FUNCTION(subject_call)(CallAgain, 100));
}

std::string RedZone() {
  return fmt::format("{} {}", SUBJECT_FUNCTION(subject_red_zone)(0, 99),
                     SUBJECT_FUNCTION(subject_red_zone)(~0ULL, 12345));
}

std::string Carry() {
  constexpr size_t kWords = 20;
  std::array<uint64_t, kWords> left{};
  std::array<uint64_t, kWords> right{};
  std::array<uint64_t, kWords> sum{};
  for (size_t i = 0; i < kWords; ++i) {
    left[i] = ~(i * i * i);
    right[i] = i % 3 == 0 ? 5000 * i + 1 : 0;
  }
  const uint64_t carry = SUBJECT_FUNCTION(subject_carry)(
      left.data(), right.data(), kWords, sum.data());
  return fmt::format("{} {}", carry, fmt::join(sum, " "));
}

// Every combination of the flags that arithmetic sets, and of the direction.
std::string Flags() {
  std::string answer;
  for (const uint64_t direction : {0x0, 0x400}) {
    for (uint64_t bits = 0; bits < 64; ++bits) {
      const uint64_t flags = (bits & 1) | (bits & 2) << 1 | (bits & 4) << 2 |
                             (bits & 0x18) << 3 | (bits & 0x20) << 6;
      answer += fmt::format(
          "{:x} ", SUBJECT_FUNCTION(subject_flags)(0x202 | direction | flags));
    }
  }
  return answer;
}

std::string Registers() {
  std::array<uint64_t, 15> in{};
  std::array<uint64_t, 15> out{};
  for (size_t i = 0; i < in.size(); ++i) {
    in[i] = 0x0123456789abcdef * (i + 1);
  }
  SUBJECT_FUNCTION(subject_registers)(in.data(), out.data());
  return in == out ? "kept" : fmt::format("{:x}", fmt::join(out, " "));
}

std::string Vectors() {
  std::array<uint8_t, 256> in{};
  std::array<uint8_t, 256> out{};
  std::iota(in.begin(), in.end(), uint8_t{1});
  uint32_t control = 0x7fa0;  // rounds to zero, with a sticky flag set
  SUBJECT_FUNCTION(subject_vectors)(in.data(), out.data(), &control);
  return fmt::format("{} {:x}", in == out, control);
}

std::string FloatingPoint() {
  const std::array<double, 3> in{2.75, -1e10, 3.5};
  double out = 0;
  SUBJECT_FUNCTION(subject_x87)(in.data(), &out);
  return fmt::format("{} {}", out,
                     SUBJECT_FUNCTION(subject_floating)(1.25, 50));
}

std::string Data() {
  uint64_t counter = 0;
  return fmt::format("{} {} {} {}", SUBJECT_FUNCTION(subject_data_in_code)(),
                     SUBJECT_FUNCTION(subject_data_behind_abort)(0),
                     SUBJECT_FUNCTION(subject_skipped_prefix)(0, &counter),
                     SUBJECT_FUNCTION(subject_skipped_prefix)(1, &counter));
}

void Check(const std::string& error) {
  if (!error.empty()) {
    throw std::runtime_error(error);
  }
}

}  // namespace

std::string RunfilePath(const std::string& name) {
  const char* root = std::getenv("TEST_SRCDIR");
  return fmt::format("{}/cpgcert/fuzz/coverage/{}", root == nullptr ? "" : root,
                     name);
}

uintptr_t LoadedSubject::Function(const char* name) const {
  return reinterpret_cast<uintptr_t>(dlsym(library, name));
}

LoadedSubject& TheSubject() {
  static LoadedSubject subject;
  if (subject.library != nullptr) {
    return subject;
  }
  subject.path = RunfilePath("subject/subject.so");
  subject.library = dlopen(subject.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (subject.library == nullptr) {
    throw std::runtime_error(dlerror());
  }
  Check(ReadLibrary(subject.path, &subject.image));
  subject.blocks = FindBasicBlocks(subject.image);
  subject.probes = {
      {"Switch", Switch},
      {"Tables", Tables},
      {"Programs", Programs},
      {"Exceptions", Exceptions},
      {"Calls", Calls},
      {"RedZone", RedZone},
      {"Carry", Carry},
      {"Flags", Flags},
      {"Registers", Registers},
      {"Vectors", Vectors},
      {"FloatingPoint", FloatingPoint},
      {"Data", Data},
  };
  for (const Probe& probe : subject.probes) {
    subject.answers.push_back(probe.run());
  }
  Check(Breakpoints::Ready(subject.library, subject.blocks,
                           &subject.breakpoints));
  return subject;
}

}  // namespace cpgcert::fuzz::coverage
