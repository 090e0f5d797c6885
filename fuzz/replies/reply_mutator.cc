#include "fuzz/replies/reply_mutator.h"

#include <cstring>
#include <utility>
#include <vector>

#include "fuzz/replies/reply_parts.h"

namespace cpgcert::fuzz {

namespace {

// Operations that are tried before a record is added instead.
constexpr int kTriesMax = 16;

// One, as often as its weight says among those that can stay within the limit.
const ReplyOperation& PickOperation(std::span<const ReplyOperation> operations,
                                    ReplyScene* scene) {
  size_t weights = 0;
  for (const ReplyOperation& operation : operations) {
    if (operation.makes <= scene->limit) weights += operation.weight;
  }
  size_t chosen = scene->random.Below(weights);
  for (const ReplyOperation& operation : operations) {
    if (operation.makes > scene->limit) continue;
    const auto weight = static_cast<size_t>(operation.weight);
    if (chosen < weight) return operation;
    chosen -= weight;
  }
  return operations.front();
}

bool IsWithin(const ReplyScene& scene) {
  return InputSize(scene.entries) <= scene.size_max &&
         (scene.limit == Trust::kHostile ||
          TrustOf(scene.entries) <= scene.limit);
}

// As many entries as fit, without those that are not trusted enough.
void Shorten(ReplyScene* scene) {
  ReplyEntries kept;
  size_t size = 0;
  for (ReplyEntry& entry : scene->entries) {
    if (TrustOf(entry) > scene->limit) continue;
    size += InputSize(entry);
    if (size > scene->size_max) break;
    kept.push_back(std::move(entry));
  }
  scene->entries = std::move(kept);
}

std::string Written(const ReplyScene& scene) {
  std::string input = BuildReplyEntries(scene.entries);
  // libFuzzer wants a byte; an input of one byte has no records.
  if (input.empty() && scene.size_max > 0) input.assign(1, '\0');
  return input;
}

ReplyMutation WithOneMore(ReplyScene scene) {
  Shorten(&scene);
  const ReplyEntries kept = scene.entries;
  for (int i = 0; i < kTriesMax; ++i) {
    scene.entries = kept;
    scene.entries.push_back(AnyReplyEntry(&scene.random));
    if (IsWithin(scene)) return {.input = Written(scene), .operation = ""};
  }
  scene.entries = kept;
  return {.input = Written(scene), .operation = ""};
}

ReplyMutation Apply(std::span<const ReplyOperation> operations,
                    const ReplyScene& before) {
  ReplyScene scene = before;
  for (int i = 0; i < kTriesMax; ++i) {
    const ReplyOperation& operation = PickOperation(operations, &scene);
    if (operation.apply(&scene) && !scene.entries.empty() && IsWithin(scene)) {
      return {.input = Written(scene), .operation = operation.name};
    }
    scene.entries = before.entries;
  }
  return WithOneMore(std::move(scene));
}

ReplyScene SceneOf(std::string_view input,
                   const ReplyMutationOptions& options) {
  return {.entries = ParseReplyEntries(input),
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

std::span<const ReplyOperation> AllReplyOperations() {
  static const std::vector<ReplyOperation> all = [] {
    std::vector<ReplyOperation> list;
    for (const auto& group : {ReplyRecordOperations(), ReplyFieldOperations(),
                              ReplyFrameOperations()}) {
      list.insert(list.end(), group.begin(), group.end());
    }
    return list;
  }();
  return all;
}

ReplyMutation MutateReplyInput(std::string_view input,
                               const ReplyMutationOptions& options) {
  return Apply(AllReplyOperations(), SceneOf(input, options));
}

ReplyMutation CrossReplyInputs(std::string_view input, std::string_view other,
                               const ReplyMutationOptions& options) {
  const ReplyEntries entries = ParseReplyEntries(other);
  ReplyScene scene = SceneOf(input, options);
  scene.other = &entries;
  return Apply(ReplyCrossOperations(), scene);
}

size_t MutateReplies(uint8_t* data, size_t size, size_t size_max, unsigned seed,
                     Trust limit) {
  const ReplyMutation mutation = MutateReplyInput(
      View(data, size), {.size_max = size_max, .seed = seed, .limit = limit});
  return Write(mutation.input, data);
}

size_t CrossOverReplies(const uint8_t* data1, size_t size1,
                        const uint8_t* data2, size_t size2, uint8_t* out,
                        size_t size_max, unsigned seed, Trust limit) {
  const ReplyMutation mutation =
      CrossReplyInputs(View(data1, size1), View(data2, size2),
                       {.size_max = size_max, .seed = seed, .limit = limit});
  return Write(mutation.input, out);
}

}  // namespace cpgcert::fuzz
