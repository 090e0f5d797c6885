// MCAST-05, MCAST-09 and MCAST-12: the iovec, whatever its shape.

#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/messaging/cases.h"
#include "conformance/messaging/members.h"
#include "conformance/support/support.h"

namespace cpgcert::conformance::messaging {

namespace {

using harness::Client;

constexpr const char* kEmpty = "MCAST-05";
constexpr const char* kMany = "MCAST-09";
constexpr const char* kUntouched = "MCAST-12";

// A message of no bytes, between two others, in any of these shapes.
void EmptyMessage(CaseContext& context, const std::vector<iovec>& pieces,
                  bool null_iovec) {
  Members members(context, "empty");
  const std::string call =
      fmt::format("cpg_mcast_joined of {} pieces, all empty{}", pieces.size(),
                  null_iovec ? ", the iovec being NULL" : "");
  members.Send(kEmpty, MessageOf("m1", 100));
  context.Step(call);
  const iovec* first = null_iovec ? nullptr : pieces.data();
  const iovec unused = PieceOf("unused");
  if (first == nullptr && !null_iovec) {
    first = &unused;  // iov_len 0: nobody may look at it
  }
  const cs_error_t result = harness::RetryWhileTryAgain(
      [&] {
        return context.Api({}).mcast_joined(
            members.client().handle(), CPG_TYPE_AGREED, first,
            static_cast<unsigned int>(pieces.size()));
      },
      kWaitDeadline);
  ExpectOk(context, kEmpty, call, result);
  members.OweIfOk(result, "");
  members.Send(kEmpty, MessageOf("m2", 100));
  members.Check(kEmpty, call + ", between two messages of 100 bytes");
}

// Empty pieces among others, small and in fragments. `at` are the places of
// the empty ones among five pieces.
void EmptyPieces(CaseContext& context, const std::vector<size_t>& at) {
  Members members(context, "hollow");
  constexpr size_t kPieces = 5;
  const size_t full = kPieces - at.size();
  int number = 0;
  for (const size_t size : {size_t{1000}, 2 * members.one_piece() + 10}) {
    const std::string bytes =
        MessageOf(fmt::format("m{}", ++number), size / full * full);
    std::string_view rest = bytes;
    std::vector<iovec> pieces;
    for (size_t i = 0; i < kPieces; ++i) {
      const bool is_empty = std::ranges::find(at, i) != at.end();
      const size_t length = is_empty ? 0 : bytes.size() / full;
      pieces.push_back(PieceOf(rest.substr(0, length)));
      // A piece of no bytes needs no address.
      pieces.back().iov_base = is_empty ? nullptr : pieces.back().iov_base;
      rest.remove_prefix(length);
    }
    members.Send(kEmpty, bytes, pieces,
                 fmt::format("cpg_mcast_joined of {} bytes in {} pieces, {} of "
                             "them empty",
                             bytes.size(), kPieces, at.size()));
  }
  members.Check(kEmpty, "cpg_mcast_joined with empty pieces among others");
}

enum class Amount { kNothing, kOnePiece, kFragments };

size_t PieceSize(Members& members, size_t count, Amount amount) {
  constexpr size_t kSmall = 16;
  switch (amount) {
    case Amount::kNothing:
      return 0;
    case Amount::kOnePiece:
      return kSmall;
    case Amount::kFragments:
      return members.one_piece() / count + 1;
  }
  return 0;
}

// Whole or refused, never broken.
void ManyPieces(CaseContext& context, size_t count, Amount amount) {
  Members members(context, "many");
  const size_t piece_size = PieceSize(members, count, amount);
  const std::string bytes = MessageOf("many", count * piece_size);
  const std::vector<size_t> sizes(count - 1, piece_size);
  const std::vector<iovec> pieces = Cut(bytes, sizes);
  const std::string call = fmt::format(
      "cpg_mcast_joined of {} pieces of {} bytes", count, piece_size);
  context.Step(call);
  const cs_error_t result = Multicast(members.client(), pieces);
  members.OweIfOk(result, bytes);
  members.Check(kMany, fmt::format("{}, which answered {}", call,
                                   harness::ErrorName(result)));
}

// Memory that may be read but not written, between pages that may not be
// touched; the bytes lie at its very end.
class ReadOnly {
 public:
  ReadOnly(const void* bytes, size_t size) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t body = (size + page - 1) / page * page;
    mapped_ = body + 2 * page;
    base_ = static_cast<char*>(
        mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED ||
        mprotect(base_ + page, body, PROT_READ | PROT_WRITE) != 0) {
      CaseContext::Untested("no memory for the message");
    }
    start_ = base_ + page + body - size;
    std::memcpy(start_, bytes, size);
    mprotect(base_ + page, body, PROT_READ);
  }
  ~ReadOnly() { munmap(base_, mapped_); }
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;

  void* start() { return start_; }

 private:
  char* base_ = nullptr;
  char* start_ = nullptr;
  size_t mapped_ = 0;
};

// A write into the message or the iovec, or a look beyond them, is the end of
// the process.
void FromReadOnlyMemory(CaseContext& context, bool in_fragments) {
  Members members(context, "constant");
  constexpr size_t kSmall = 5000;
  const size_t size = in_fragments ? 2 * members.one_piece() + 1 : kSmall;
  const std::string bytes = MessageOf("constant", size);
  const size_t third = size / 3;
  ReadOnly first(bytes.data(), third);
  ReadOnly rest(bytes.data() + third, size - third);
  const std::vector<iovec> pieces = {{first.start(), third},
                                     {rest.start(), size - third}};
  ReadOnly iovecs(pieces.data(), pieces.size() * sizeof(iovec));
  const std::string call = fmt::format(
      "cpg_mcast_joined of {} bytes in 2 pieces; they and the iovec are in "
      "read-only memory",
      size);
  context.Step(call);
  const cs_error_t result = harness::RetryWhileTryAgain(
      [&] {
        return members.client().api().mcast_joined(
            members.client().handle(), CPG_TYPE_AGREED,
            static_cast<const iovec*>(iovecs.start()),
            static_cast<unsigned int>(pieces.size()));
      },
      kWaitDeadline);
  ExpectOk(context, kUntouched, call, result);
  members.OweIfOk(result, bytes);
  members.Check(kUntouched, call);
}

// The order of the iovec counts, not that of the addresses; the pieces may
// overlap.
void PiecesInAnyOrder(CaseContext& context) {
  Members members(context, "scattered");
  constexpr size_t kLength = 60;
  const std::string bytes = MessageOf("scattered", kLength);
  const std::string backwards(bytes.rbegin(), bytes.rend());
  std::vector<iovec> pieces;
  for (size_t i = kLength; i > 0; --i) {
    pieces.push_back(PieceOf(std::string_view(backwards).substr(i - 1, 1)));
  }
  members.Send(kUntouched, bytes, pieces,
               "cpg_mcast_joined of 60 pieces of one byte, the last address "
               "first");
  const std::string half = bytes.substr(0, kLength / 2);
  members.Send(kUntouched, half + half + half,
               {PieceOf(half), PieceOf(half), PieceOf(half)},
               "cpg_mcast_joined of 3 pieces that are the same memory");
  const std::string shifted = bytes + bytes.substr(1);
  members.Send(kUntouched, shifted,
               {PieceOf(bytes), PieceOf(std::string_view(bytes).substr(1))},
               "cpg_mcast_joined of 2 pieces that overlap");
  members.Check(kUntouched, "cpg_mcast_joined of scattered pieces");
}

// Every number of pieces up to what no implementation has trouble with.
void UpTo63Pieces(CaseContext& context) {
  Members members(context, "pieces");
  constexpr size_t kPiecesMax = 63;
  constexpr size_t kPieceSize = 17;
  for (size_t count = 1; count <= kPiecesMax; ++count) {
    const std::string bytes =
        MessageOf(fmt::format("m{}", count), count * kPieceSize);
    const std::vector<size_t> sizes(count - 1, kPieceSize);
    members.Send(kUntouched, bytes, Cut(bytes, sizes),
                 fmt::format("cpg_mcast_joined of {} pieces", count));
  }
  members.Check(kUntouched, "cpg_mcast_joined of 1, 2, ... 63 pieces");
}

void RegisterEmptyCases() {
  const iovec none{nullptr, 0};
  const iovec somewhere = PieceOf(std::string_view("somewhere").substr(0, 0));
  struct Shape {
    const char* name;
    std::vector<iovec> pieces;
    bool null_iovec = false;
  };
  for (const Shape& shape :
       {Shape{"NoPieces", {}}, Shape{"NullIovec", {}, true},
        Shape{"OnePiece", {somewhere}}, Shape{"OnePieceAtNull", {none}},
        Shape{"SeveralPieces", {somewhere, none, somewhere}},
        Shape{"SixtyPieces", std::vector<iovec>(60, none)}}) {
    RegisterCase({.name = std::string("MCAST-05/EmptyMessage/") + shape.name,
                  .requirements = {kEmpty},
                  .profile = "api"},
                 [shape](CaseContext& context) {
                   EmptyMessage(context, shape.pieces, shape.null_iovec);
                 });
  }
  struct Places {
    const char* name;
    std::vector<size_t> at;
  };
  for (const Places& places :
       {Places{"First", {0}}, Places{"FirstTwo", {0, 1}}, Places{"Middle", {2}},
        Places{"Last", {4}}, Places{"LastTwo", {3, 4}},
        Places{"EverySecond", {0, 2, 4}}}) {
    RegisterCase(
        {.name = std::string("MCAST-05/EmptyPieces/") + places.name,
         .requirements = {kEmpty},
         .profile = "api"},
        [at = places.at](CaseContext& context) { EmptyPieces(context, at); });
  }
}

void RegisterManyCase(const std::string& name, size_t count, Amount amount) {
  RegisterCase({.name = fmt::format("MCAST-09/{}/Iovec{}", name, count),
                .requirements = {kMany},
                .profile = "api"},
               [count, amount](CaseContext& context) {
                 ManyPieces(context, count, amount);
               });
}

void RegisterManyCases() {
  for (const size_t count : {63, 64, 65, 100, 500, 1024, 1025}) {
    RegisterManyCase("OnePiece", count, Amount::kOnePiece);
  }
  for (const size_t count : {64, 100}) {
    RegisterManyCase("InFragments", count, Amount::kFragments);
  }
  for (const size_t count : {64, 200}) {
    RegisterManyCase("Empty", count, Amount::kNothing);
  }
}

}  // namespace

void RegisterPiecesCases() {
  RegisterEmptyCases();
  RegisterManyCases();
  for (const bool in_fragments : {false, true}) {
    RegisterCase({.name = in_fragments ? "MCAST-12/ReadOnly/InFragments"
                                       : "MCAST-12/ReadOnly/OnePiece",
                  .requirements = {kUntouched},
                  .profile = "api"},
                 [in_fragments](CaseContext& context) {
                   FromReadOnlyMemory(context, in_fragments);
                 });
  }
  RegisterCase({.name = "MCAST-12/PiecesInAnyOrder",
                .requirements = {kUntouched},
                .profile = "api"},
               PiecesInAnyOrder);
  RegisterCase({.name = "MCAST-12/UpTo63Pieces",
                .requirements = {kUntouched},
                .profile = "api"},
               UpTo63Pieces);
}

}  // namespace cpgcert::conformance::messaging
