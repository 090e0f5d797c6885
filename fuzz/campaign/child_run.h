// Runs work on a library that may crash, hang, exit or spoil its memory: in a
// child, of which only what it has written comes back.

#ifndef CPGCERT_FUZZ_CAMPAIGN_CHILD_RUN_H_
#define CPGCERT_FUZZ_CAMPAIGN_CHILD_RUN_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace cpgcert::fuzz {

// How a child ended, and what it has said before.
struct ChildEnd {
  size_t done = 0;      // Said of so many inputs that they are done
  std::string said{};   // the last Say()
  bool lost = false;    // it has not come to the end of its work
  bool hung = false;    // of `lost`: it ran or slept for too long
  std::string death{};  // of `lost`: "SIGSEGV", "the process exits with 3"
  std::string where{};  // of `lost`: "cpg_dispatch+0x3f1", if that is known
};

// Not for two threads, nor beside other children that are waited for.
class ChildRun {
 public:
  // What the child may do to be heard.
  class Voice {
   public:
    virtual ~Voice() = default;
    // One input more is done, without anything to say; its time begins anew.
    virtual void Done() = 0;
    // At most 64 KiB; what is beyond is cut off.
    virtual void Say(std::string_view text) = 0;
    // The time for one input begins: 2 s of processor time, 30 s on the clock.
    virtual void Begin() = 0;
  };

  // `in_library` is an address within the library that is looked at, or null.
  explicit ChildRun(const void* in_library);
  ~ChildRun();
  ChildRun(const ChildRun&) = delete;
  ChildRun& operator=(const ChildRun&) = delete;

  // In the child: standard output and error lead nowhere, no core is dumped,
  // 1 GiB more than now can be allocated, the stack is a new one, and it dies
  // with its parent.
  ChildEnd Run(const std::function<void(Voice*)>& work);

 private:
  struct Shared;
  class SharedVoice;
  std::string Where() const;

  const void* in_library_;
  Shared* shared_;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CAMPAIGN_CHILD_RUN_H_
