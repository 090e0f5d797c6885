// What a run shows on a terminal or in a log.
#ifndef CPGCERT_REPORTS_TERMINAL_H_
#define CPGCERT_REPORTS_TERMINAL_H_

#include <cstddef>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "reports/certificate.h"

namespace cpgcert::reports {

// What can be done with the stream that is written to.
struct Terminal {
  bool is_tty = false;  // a line can be rewritten
  bool colours = false;
  int columns = 80;
};

// What `out` is: a terminal unless TERM is "dumb" or unset, in colours unless
// NO_COLOR is set and not empty.
Terminal Detect(std::FILE* out);

// How far the run is. On a terminal one line that is rewritten:
//
//     [ 412/1204] 3 fail, 1 crash  DISPATCH-03/All/Joined/NothingPending
//
// Elsewhere a line for each unfavourable case that is no known deviation, as it
// happens, and about every tenth of the run (of ten cases at least)
//
//     120 of 1204 cases, 3 unfavourable
//
// Write errors are ignored. May be used from several threads.
class Progress {
 public:
  // `out` must outlive this. `total` is the number of cases to come.
  Progress(std::FILE* out, const Terminal& terminal, std::size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // A case begins: shown on a terminal only.
  void Started(std::string_view case_name);

  // A case has its verdict, and it is known whether that was predicted.
  void Finished(const Case& result);

  // No more is to come, or the run was interrupted: removes the line from a
  // terminal. Further calls do nothing.
  void Done();

 private:
  void Rewrite(std::string_view case_name);
  void PrintLine(const Case& result);

  std::mutex mutex_;
  std::FILE* const out_;
  const Terminal terminal_;
  const std::size_t total_;
  std::size_t finished_ = 0;
  std::size_t unfavourable_ = 0;
  std::map<std::string, std::size_t> unfavourable_by_verdict_;
  bool line_shown_ = false;
  bool done_ = false;
};

// The whole result as text, ending in one line for each profile and tier and
// one for the certificate. Of each requirement at most three cases are shown,
// and of all the first 40 in full. Says where the rest is: `html_file`, e.g.
// "out/certificate.html".
std::string Summary(const Certificate& certificate, const Terminal& terminal,
                    std::string_view html_file);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_TERMINAL_H_
