// Where a library may write what it answers: bytes that end at a page which
// nobody can read or write, and begin behind some that must not change.

#ifndef CPGCERT_FUZZ_REPLIES_REPLY_OUTPUT_H_
#define CPGCERT_FUZZ_REPLIES_REPLY_OUTPUT_H_

#include <cstddef>

namespace cpgcert::fuzz {

class ReplyOutput {
 public:
  // Ends the process, with one line, if there is no memory.
  explicit ReplyOutput(size_t size_max);
  ~ReplyOutput();
  ReplyOutput(const ReplyOutput&) = delete;
  ReplyOutput& operator=(const ReplyOutput&) = delete;

  // Room for `count` objects, each byte of it kFresh; valid until the next
  // call. REQUIRES: that is size_max bytes at most; no padding is needed for
  // the end to be at the page's.
  template <class Object>
  Object* Place(size_t count = 1) {
    return reinterpret_cast<Object*>(PlaceBytes(count * sizeof(Object)));
  }
  // False if the bytes before the last place have changed.
  bool IsIntact() const;

  static constexpr unsigned char kFresh = 0xa5;

 private:
  static constexpr size_t kBefore = 64;  // bytes that must not change

  unsigned char* PlaceBytes(size_t size);

  const size_t size_;  // without the page at the end
  unsigned char* begin_ = nullptr;
  unsigned char* place_ = nullptr;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_REPLY_OUTPUT_H_
