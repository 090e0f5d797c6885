// Legal variants that hand out the same facts in another order or elsewhere in
// memory.

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

namespace {

std::vector<cpg_address> Reversed(std::span<const cpg_address> list) {
  return {list.rbegin(), list.rend()};
}

}  // namespace

class ReversedMemberLists : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    std::vector<cpg_address> members, left, joined;
    try {
      members = Reversed(change.members);
      left = Reversed(change.left);
      joined = Reversed(change.joined);
    } catch (const std::bad_alloc&) {
      Layer::Change(connection, change);
      return;
    }
    Layer::Change(connection,
                  {change.handle, change.group, members, left, joined});
  }

  cs_error_t MembershipGet(cpg_handle_t handle, Connection* connection,
                           cpg_name* group, cpg_address* members,
                           int* member_count) override {
    const int room = member_count == nullptr ? 0 : *member_count;
    const cs_error_t result =
        Layer::MembershipGet(handle, connection, group, members, member_count);
    if (result == CS_OK && *member_count <= room) {
      std::reverse(members, members + *member_count);
    }
    return result;
  }
};
CPGCERT_PLANT(ReversedMemberLists)

// What a callback is given is a copy, and is overwritten and freed when the
// callback has returned.
class ScrubsAfterCallback : public Layer {
  static constexpr int kScrub = 0xA5;

  template <typename T>
  static void Scrub(std::vector<T>* list) {
    if (!list->empty()) {
      std::memset(static_cast<void*>(list->data()), kScrub,
                  list->size() * sizeof(T));
    }
  }

  // False if there is no memory for it.
  template <typename T>
  static bool Copy(const T* begin, size_t count, std::vector<T>* list) {
    try {
      list->assign(begin, begin + count);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  static bool Resize(size_t count, std::vector<uint64_t>* words) {
    try {
      words->resize(count);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  void Deliver(Connection& connection, const Delivery& delivery) override {
    std::vector<uint64_t> words;
    Delivery copy = delivery;
    cpg_name group = *delivery.group;
    copy.group = &group;
    if (Resize(delivery.length / sizeof(uint64_t) + 1, &words)) {
      std::memcpy(words.data(), delivery.message, delivery.length);
      copy.message = words.data();
    }
    Layer::Deliver(connection, copy);
    Scrub(&words);
    std::memset(&group, kScrub, sizeof(group));
    // Freed by the next: until then it can be looked at.
    thread_local std::vector<uint64_t> last;
    last = std::move(words);
  }

  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    cpg_name group = *change.group;
    std::vector<cpg_address> members, left, joined;
    if (!Copy(change.members.data(), change.members.size(), &members) ||
        !Copy(change.left.data(), change.left.size(), &left) ||
        !Copy(change.joined.data(), change.joined.size(), &joined)) {
      Layer::Change(connection, change);
      return;
    }
    Layer::Change(connection, {change.handle, &group, members, left, joined});
    std::memset(&group, kScrub, sizeof(group));
    Scrub(&members);
    Scrub(&left);
    Scrub(&joined);
  }
};
CPGCERT_PLANT(ScrubsAfterCallback)

}  // namespace cpgcert::faults
