// Two members of a group, and the comparison of what they were given with what
// they are owed: the words that the cases about messages have in common.

#ifndef CPGCERT_CONFORMANCE_MESSAGING_MEMBERS_H_
#define CPGCERT_CONFORMANCE_MESSAGING_MEMBERS_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "harness/client.h"
#include "harness/peer.h"

namespace cpgcert::conformance::messaging {

// A message of exactly `size` bytes. It names itself (harness/message.h) if it
// has room for that; a shorter one is the beginning of such a message.
std::string MessageOf(std::string_view name, size_t size);

// cpg_mcast_joined, asked again while it answers CS_ERR_TRY_AGAIN.
cs_error_t Multicast(harness::Client& client, const std::vector<iovec>& pieces,
                     cpg_guarantee_t guarantee = CPG_TYPE_AGREED);

// The bytes as one piece. libcpg only reads them, but an iovec has no const.
iovec PieceOf(std::string_view bytes);
// Cut after each of `sizes`; what is left is the last piece, even if empty.
// REQUIRES: the sizes add up to at most that of `bytes`, which outlives the
// pieces.
std::vector<iovec> Cut(std::string_view bytes,
                       const std::vector<size_t>& sizes);

// What cpg_max_atomic_msgsize_get answers; untested if that is an error.
// REQUIRES: the library has it, see CaseContext::Api.
size_t OnePieceSize(harness::Client& client);

// This process and another one, the witness, as settled members of one group.
class Members {
 public:
  // REQUIRES: CaseContext::Api was not called yet.
  Members(CaseContext& context, std::string_view tag);

  harness::Client& client() { return *client_; }
  harness::Peer& witness() { return *witness_; }
  const std::string& group() const { return group_; }
  // See OnePieceSize().
  size_t one_piece() { return OnePieceSize(*client_); }

  // Sends `bytes` in one piece of memory and owes it to both members; fails
  // `requirement` if the call answers an error.
  void Send(std::string_view requirement, std::string_view bytes,
            cpg_guarantee_t guarantee = CPG_TYPE_AGREED);
  // The same for pieces; `bytes` is what they make up.
  void Send(std::string_view requirement, std::string_view bytes,
            const std::vector<iovec>& pieces, std::string_view call);
  // Both members shall be given this message of the own process next.
  void Owe(std::string_view bytes);
  // The same unless `result`, the answer to sending it, is an error.
  void OweIfOk(cs_error_t result, std::string_view bytes);

  // Dispatches all, and fails `requirement` unless both members were given
  // exactly the messages that were owed since the last check, in their order.
  // `call` says what was sent.
  void Check(std::string_view requirement, std::string_view call);

 private:
  struct Owed {
    std::string text;  // as harness::DescribeRecord
    std::string head;
    size_t size = 0;
  };
  void CheckOwn(std::string_view requirement, std::string_view call);
  void CheckWitness(std::string_view requirement, std::string_view call);

  CaseContext& context_;
  std::string group_;
  std::unique_ptr<harness::Peer> witness_;
  std::unique_ptr<harness::Client> client_;
  unsigned int node_id_ = 0;
  size_t seen_ = 0;  // records that were compared
  std::vector<Owed> owed_;
};

// "" if they are equal; else where they begin to differ: what is owed there
// and what came, for the text of a failure.
struct Difference {
  std::string owed;
  std::string came;
  bool empty() const { return owed.empty(); }
};
Difference Compare(const std::vector<std::string>& owed,
                   const std::vector<std::string>& came);

// Of the lines of harness::Peer::Seen, the messages that no barrier sent.
std::vector<std::string> MessagesIn(const std::vector<std::string>& seen);

}  // namespace cpgcert::conformance::messaging

#endif  // CPGCERT_CONFORMANCE_MESSAGING_MEMBERS_H_
