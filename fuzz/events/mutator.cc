#include "fuzz/events/mutator.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "fuzz/events/event_parts.h"

namespace cpgcert::fuzz {

namespace {

// Operations that are tried before a new input is made instead.
constexpr int kTriesMax = 16;

// One, as often as its weight says among those that can stay within the limit.
const Operation& PickOperation(std::span<const Operation> operations,
                               Scene* scene) {
  size_t weights = 0;
  for (const Operation& operation : operations) {
    if (operation.makes <= scene->limit) weights += operation.weight;
  }
  size_t chosen = scene->random.Below(weights);
  for (const Operation& operation : operations) {
    if (operation.makes > scene->limit) continue;
    const auto weight = static_cast<size_t>(operation.weight);
    if (chosen < weight) return operation;
    chosen -= weight;
  }
  return operations.front();
}

bool IsWithin(const Scene& scene) {
  return InputSize(scene.entries) <= scene.size_max &&
         (scene.limit == Tier::kHostile ||
          TierOf(scene.entries) <= scene.limit);
}

// As many entries as fit, whose tier is good enough; what comes first counts.
void Shorten(Scene* scene) {
  InputTier tier;
  size_t size = 0;
  size_t kept = 0;
  for (const Entry& entry : scene->entries) {
    size += kRecordHeaderSize + entry.event.size();
    if (size > scene->size_max || tier.Take(entry.event).tier > scene->limit) {
      break;
    }
    ++kept;
  }
  scene->entries.resize(kept);
}

std::string Written(const Scene& scene) {
  std::string input = BuildEntries(scene.entries);
  // libFuzzer wants a byte; an input of one byte has no events.
  if (input.empty() && scene.size_max > 0) input.assign(1, '\0');
  return input;
}

// Of two inputs, the operations may have no way to make one that fits.
Mutation MadeAnew(Scene scene) {
  Shorten(&scene);
  const Entries kept = scene.entries;
  for (int i = 0; i < kTriesMax; ++i) {
    scene.entries = kept;
    Insert(&scene, scene.random.Below(kept.size() + 1), AnyEvent(&scene));
    if (IsWithin(scene)) return {.input = Written(scene), .operation = ""};
  }
  scene.entries = kept;
  return {.input = Written(scene), .operation = ""};
}

Mutation Apply(std::span<const Operation> operations, const Scene& before) {
  Scene scene = before;
  for (int i = 0; i < kTriesMax; ++i) {
    const Operation& operation = PickOperation(operations, &scene);
    if (operation.apply(&scene) && !scene.entries.empty() && IsWithin(scene)) {
      return {.input = Written(scene), .operation = operation.name};
    }
    scene.entries = before.entries;
  }
  return MadeAnew(std::move(scene));
}

Scene SceneOf(std::string_view input, const MutationOptions& options) {
  return {.entries = ParseEntries(input),
          .size_max = options.size_max,
          .limit = options.limit,
          .random = RandomChoice(options.seed)};
}

std::string_view View(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

size_t Write(const std::string& input, uint8_t* out) {
  if (!input.empty()) std::memcpy(out, input.data(), input.size());
  return input.size();
}

}  // namespace

std::span<const Operation> AllOperations() {
  static const std::vector<Operation> all = [] {
    std::vector<Operation> list;
    for (const auto& group :
         {RecordOperations(), FieldOperations(), ListOperations(),
          FragmentOperations(), FrameOperations()}) {
      list.insert(list.end(), group.begin(), group.end());
    }
    return list;
  }();
  return all;
}

Mutation MutateInput(std::string_view input, const MutationOptions& options) {
  Scene scene = SceneOf(input, options);
  // Many events take long, and most of them have no part in what is found.
  constexpr size_t kLargeInput = 1024;
  if (input.size() > kLargeInput && scene.random.OneIn(2) &&
      DeleteRun(&scene) && !IsWithin(scene)) {
    scene.entries = ParseEntries(input);
  }
  return Apply(AllOperations(), scene);
}

Mutation CrossInputs(std::string_view input, std::string_view other,
                     const MutationOptions& options) {
  const Entries entries = ParseEntries(other);
  Scene scene = SceneOf(input, options);
  scene.other = &entries;
  return Apply(CrossOperations(), scene);
}

size_t Mutate(uint8_t* data, size_t size, size_t size_max, unsigned seed,
              Tier limit) {
  const Mutation mutation = MutateInput(
      View(data, size), {.size_max = size_max, .seed = seed, .limit = limit});
  return Write(mutation.input, data);
}

size_t MutateBytes(uint8_t* data, size_t size, size_t size_max) {
  return LLVMFuzzerMutate == nullptr ? 0
                                     : LLVMFuzzerMutate(data, size, size_max);
}

size_t CrossOver(const uint8_t* data1, size_t size1, const uint8_t* data2,
                 size_t size2, uint8_t* out, size_t size_max, unsigned seed,
                 Tier limit) {
  const Mutation mutation =
      CrossInputs(View(data1, size1), View(data2, size2),
                  {.size_max = size_max, .seed = seed, .limit = limit});
  return Write(mutation.input, out);
}

}  // namespace cpgcert::fuzz
