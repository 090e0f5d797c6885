#include "harness/reference/assemblies.h"

#include <algorithm>
#include <utility>

namespace cpgcert::reference {

namespace {

// A first fragment is followed by others about as long: room for some of them
// saves copies, and bounds what a false announcement can cost.
constexpr size_t kRoomPerFirstByte = 4;

}  // namespace

cs_error_t Assemblies::Add(const Fragment& fragment,
                           std::optional<std::vector<std::byte>>* whole) {
  if (fragment.position == wire::kFirst) {
    Assembly fresh{.size = fragment.message_size, .bytes = {}};
    fresh.bytes.reserve(std::min<size_t>(
        fragment.message_size, kRoomPerFirstByte * fragment.bytes.size()));
    under_way_.insert_or_assign(fragment.sender, std::move(fresh));
  }
  const auto found = under_way_.find(fragment.sender);
  if (found == under_way_.end()) return CS_OK;
  Assembly& assembly = found->second;
  const size_t size = assembly.bytes.size() + fragment.bytes.size();
  const bool is_last = fragment.position == wire::kLast;
  if (fragment.message_size != assembly.size || size > assembly.size ||
      (is_last && size != assembly.size)) {
    under_way_.erase(found);
    return CS_ERR_MESSAGE_ERROR;
  }
  assembly.bytes.insert(assembly.bytes.end(), fragment.bytes.begin(),
                        fragment.bytes.end());
  if (is_last) {
    *whole = std::move(assembly.bytes);
    under_way_.erase(found);
  }
  return CS_OK;
}

}  // namespace cpgcert::reference
