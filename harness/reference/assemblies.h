// Messages that come in fragments, put together. Each sender has at most one
// message under way; the fragments of different senders may come in any mix.

#ifndef CPGCERT_HARNESS_REFERENCE_ASSEMBLIES_H_
#define CPGCERT_HARNESS_REFERENCE_ASSEMBLIES_H_

#include <corosync/corotypes.h>

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "harness/reference/event_decoder.h"

namespace cpgcert::reference {

class Assemblies {
 public:
  // Takes one fragment. With the last one of a message `whole` is set to all of
  // its bytes.
  //   A first fragment drops what its sender had under way.
  //   One that continues nothing is passed over: CS_OK. Its beginning was sent
  //   before this member joined, or was dropped.
  //   Fragments that together are longer than their message, of a message of
  //   another size than the first one's, or that end before it is whole:
  //   CS_ERR_MESSAGE_ERROR, and the message is dropped.
  // Throws std::bad_alloc when there is no memory for it; the same fragment can
  // be given again then. The memory that is used is proportional to what came,
  // whatever size a first fragment announces.
  cs_error_t Add(const Fragment& fragment,
                 std::optional<std::vector<std::byte>>* whole);

  // Its sender is gone: the rest will not come.
  void Drop(const Sender& sender) { under_way_.erase(sender); }

 private:
  struct Assembly {
    uint32_t size = 0;  // of the whole message
    std::vector<std::byte> bytes;
  };
  std::map<Sender, Assembly> under_way_;
};

}  // namespace cpgcert::reference

#endif  // CPGCERT_HARNESS_REFERENCE_ASSEMBLIES_H_
