#include "fuzz/coverage/subject/subject.h"

#include <csetjmp>
#include <stdexcept>

namespace {

// Counts what is destroyed while an exception passes.
struct Trace {
  explicit Trace(int* target) : count(target) {}
  ~Trace() { ++*count; }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  int* count;
};

[[gnu::noinline]] void Throw(int depth, int* destroyed) {
  const Trace trace(destroyed);
  if (depth == 0) {
    throw std::runtime_error("thrown");
  }
  Throw(depth - 1, destroyed);
}

[[gnu::noinline]] int Jump(jmp_buf back, int depth) {
  if (depth == 0) {
    longjmp(back, 1);
  }
  return Jump(back, depth - 1) + 1;
}

}  // namespace

extern "C" {

uint64_t subject_switch(uint32_t operation, uint64_t value) {
  switch (operation) {
    case 0:
      return value * 3;
    case 1:
      return value - 7;
    case 2:
      return value ^ 0x55;
    case 3:
      return value << 2;
    case 4:
      return value / 3;
    case 5:
      return value % 11;
    case 6:
      return ~value;
    case 7:
      return value >> 5 | value << 59;
    case 8:
      return value * value;
    case 9:
      return value | 0xff;
    default:
      return 0;
  }
}

uint64_t subject_interpret(const uint8_t* program, size_t size) {
  uint64_t value = 1;
  for (size_t i = 0; i < size; ++i) {
    switch (program[i] % 8) {
      case 0:
        value += 3;
        break;
      case 1:
        value *= 7;
        break;
      case 2:
        value ^= value >> 3;
        break;
      case 3:
        value -= i;
        break;
      case 4:
        if ((value & 1) != 0) {
          value = ~value;
        }
        break;
      case 5:
        value = subject_switch(static_cast<uint32_t>(value % 12), value);
        break;
      case 6:
        value = value >> 9 | value << 55;
        break;
      default:
        value += subject_recurse(static_cast<uint32_t>(value % 6));
        break;
    }
  }
  return value;
}

uint64_t subject_goto(const uint8_t* program, size_t size) {
  static void* const kLabels[] = {&&add, &&multiply, &&turn, &&subtract};
  uint64_t value = 1;
  const uint8_t* at = program;
  const uint8_t* const end = program + size;
next:
  if (at == end) {
    return value;
  }
  goto* kLabels[*at++ % 4];
add:
  value += 5;
  goto next;
multiply:
  value *= 11;
  goto next;
turn:
  value ^= value >> 7;
  goto next;
subtract:
  value -= 3;
  goto next;
}

uint64_t subject_recurse(uint32_t depth) {
  return depth < 2 ? depth
                   : subject_recurse(depth - 1) + subject_recurse(depth - 2);
}

int subject_catch(int depth) {
  int destroyed = 0;
  try {
    Throw(depth, &destroyed);
  } catch (const std::exception&) {
    return destroyed;
  }
  return -1;
}

void subject_throw(int depth) {
  int destroyed = 0;
  Throw(depth, &destroyed);
}

int subject_long_jump(int depth) {
  jmp_buf back;
  if (setjmp(back) == 0) {
    return Jump(back, depth);
  }
  return -depth;
}

uint64_t subject_call(uint64_t (*function)(uint64_t), uint64_t value) {
  return value == 0 ? 1 : function(value) + value;
}

double subject_floating(double value, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    if (value > 100) {
      value = value / 7 + 1;
    } else if (value < -100) {
      value = -value / 3;
    } else {
      value = value * 5.5 - i;
    }
  }
  return value;
}

bool subject_puzzle(const uint8_t* data, size_t size) {
  volatile int steps = 0;  // keeps the comparisons apart
  if (size > 0 && data[0] == 'c') {
    steps = 1;
    if (size > 1 && data[1] == 'p') {
      steps = 2;
      if (size > 2 && data[2] == 'g') {
        steps = 3;
        if (size > 3 && data[3] == '!') {
          steps = 4;
        }
      }
    }
  }
  return steps == 4;
}
}
