// Known deviations of one implementation: what is expected to go wrong, and
// why. A prediction that does not come true is a problem, never a relief.
#ifndef CPGCERT_CONFORMANCE_DEVIATIONS_H_
#define CPGCERT_CONFORMANCE_DEVIATIONS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/certification.h"
#include "harness/verdict.h"

namespace cpgcert::conformance {

// One [[deviation]] of the file.
struct Deviation {
  std::vector<std::string> cases;  // globs over names; `*` crosses slashes
  std::string requirement;
  harness::Verdict verdict = harness::Verdict::kFail;  // fail, crash or hang
  std::string why;
  std::string url;
  std::string reproducer;  // name of a program that shows it, or ""
  int line = 0;            // of its [[deviation]]
};

// A case as the complete registry lists it, selected or not.
struct RegisteredCase {
  std::string name;
  std::vector<std::string> requirements;
};

// A file of known deviations:
//
//     implementation = "corosync 3.1.7"
//
//     [[deviation]]
//     case = "DISPATCH-05/*/Joined/*"        # or an array of globs
//     requirement = "DISPATCH-05"
//     verdict = "fail"                       # or crash, hang
//     why = "one sentence for the reader of the certificate"
//     url = "https://..."
//     reproducer = "dispatch_one_fragment"   # need not be there
//
// Every key but the last is required, none may be empty, and there are no
// others. The reproducer is a program in conformance/reproducers; that there is
// one of that name is not looked at here.
class Deviations {
 public:
  // No file: predicts nothing.
  Deviations() = default;

  // nullopt if the file cannot be read or breaks a rule above; *error is then
  // one line that starts with "FILE:LINE: " (or "FILE: " if it is unreadable).
  static std::optional<Deviations> Read(const std::string& file,
                                        std::string* error);

  // The same from text; `file` is the name to use in messages.
  static std::optional<Deviations> Parse(std::string_view text,
                                         const std::string& file,
                                         std::string* error);

  // Marks the predicted ones among `outcomes` (is_deviation and
  // deviation_reason; both are first cleared in all of them) and returns the
  // problems, each a line with file, line and case.
  //
  // A crash or hang is predicted if a line matches its name and verdict and
  // names one of its requirements. A fail is predicted if for every requirement
  // that it fails there is a line that matches its name and names that
  // requirement. Two or more reasons are joined by "; ".
  //
  // Problems: *unexpected pass*, a line matches an outcome that says pass about
  // the line's requirement; *stale line*, one of the globs of a line matches no
  // case in `registry` that decides the line's requirement. An outcome that is
  // untested, unsupported, inconclusive or in error is neither.
  std::vector<std::string> Apply(const std::vector<RegisteredCase>& registry,
                                 std::vector<CaseOutcome>& outcomes) const;

  // Of the lines that match the case, name one of its requirements and have a
  // reproducer, the first of those that predict the worst verdict (a case that
  // crashes comes to no fail); null if there is none. Points into this.
  const Deviation* WithReproducer(const RegisteredCase& which) const;

  const std::string& file() const { return file_; }
  const std::string& implementation() const { return implementation_; }
  const std::vector<Deviation>& lines() const { return lines_; }

 private:
  std::string file_;
  std::string implementation_;
  std::vector<Deviation> lines_;
};

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_DEVIATIONS_H_
