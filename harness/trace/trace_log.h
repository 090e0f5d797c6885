// Lines in memory that is shared with the processes forked since, written so
// that they survive the process that writes them, whatever ends it.

#ifndef CPGCERT_HARNESS_TRACE_TRACE_LOG_H_
#define CPGCERT_HARNESS_TRACE_TRACE_LOG_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace cpgcert::harness {

// Several threads of one process may append at the same time; the order of the
// lines is that in which the appends began. Memory is used as it is written to.
class TraceLog {
 public:
  static constexpr size_t kBytesMax = size_t{64} << 20;

  TraceLog();
  ~TraceLog();
  TraceLog(const TraceLog&) = delete;
  TraceLog& operator=(const TraceLog&) = delete;

  // False if the memory could not be mapped: nothing is kept then.
  bool ok() const { return shared_ != nullptr; }

  // A line for which there is no room is left out, and so is every later one.
  void Append(std::string_view line);

  // All lines whose append ended before the first one that did not, each with
  // a newline.
  std::string Text() const;
  // True if lines are missing: left out, or cut short by the end of the writer,
  // or what is there is not what was written.
  bool incomplete() const;

 private:
  struct Shared;
  // Where the next line would begin, and what comes before it into `text`,
  // unless that is null.
  size_t Walk(std::string* text) const;

  Shared* shared_ = nullptr;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_TRACE_TRACE_LOG_H_
