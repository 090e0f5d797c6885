// Random choices that are the same on every machine for the same seed.

#ifndef CPGCERT_FUZZ_MUTATION_RANDOM_CHOICE_H_
#define CPGCERT_FUZZ_MUTATION_RANDOM_CHOICE_H_

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace cpgcert::fuzz {

// Cheap to make, unlike the generators of <random>; SplitMix64.
class RandomChoice {
 public:
  explicit RandomChoice(uint64_t seed) : state_(seed) {}

  uint64_t Number() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  // Less than `end`; 0 if that is 0.
  size_t Below(size_t end) { return end == 0 ? 0 : Number() % end; }
  // From `low` to `high`, both included.
  size_t Between(size_t low, size_t high) {
    return low + Below(high - low + 1);
  }
  bool OneIn(size_t count) { return Below(count) == 0; }

  // REQUIRES: not empty.
  template <class List>
  auto& Of(List& list) {
    return list[Below(std::size(list))];
  }

 private:
  uint64_t state_;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_MUTATION_RANDOM_CHOICE_H_
