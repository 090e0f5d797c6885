// What a run of the suite found, as plain data: the one thing that every report
// (certificate.json, certificate.html, junit.xml, the terminal) is made from.
// Knows nothing of how cases run or how verdicts come about; cli fills it.
#ifndef CPGCERT_REPORTS_CERTIFICATE_H_
#define CPGCERT_REPORTS_CERTIFICATE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cpgcert::reports {

// The library that was judged and the service behind it.
struct Implementation {
  std::string name;             // as given, or found out: "corosync 3.1.7"
  std::string library;          // path of the shared object
  std::string sha256;           // of the shared object, lower-case hexadecimal
  std::string build_id;         // its GNU build id, may be empty
  std::string service;          // "corosync", "scripted", "running", "exec:..."
  std::string service_version;  // may be empty
};

struct Suite {
  std::string version;
  std::string commit;
  std::string fingerprint{};  // of its requirements and cases
};

// What the command line asked for; empty means everything.
struct Asked {
  std::vector<std::string> profiles;
  std::string tier;
  std::string only;  // glob over case names
};

// The file of known deviations that was applied, and what is wrong with it:
// unexpected passes and stale lines. Any problem withholds the certificate.
struct Deviations {
  std::string file;  // empty: none was applied
  std::vector<std::string> problems;
};

// One profile and tier. Each case that decides one of its requirements is
// counted exactly once: a predicted one under `deviation` only. A requirement
// without any case counts as one `untested`.
struct Profile {
  std::string name;
  std::string tier;  // "documented", "header", "observed"
  bool certified = false;
  int pass = 0;
  int fail = 0;
  int crash = 0;
  int hang = 0;
  int unsupported = 0;
  int inconclusive = 0;
  int error = 0;
  int deviation = 0;
  int untested = 0;
};

struct Requirement {
  std::string id;
  std::string tier;
  std::string function;  // the libcpg function that it is about
  std::string sentence;
  std::string source;  // where the sentence comes from: page and section
  std::string profile;
  bool optional = false;  // `unsupported` does not withhold the certificate
  std::string verdict = "untested";
  bool deviation = false;  // nothing but predicted deviations speak against it
  std::vector<std::string> cases;  // names of the cases that decide it
};

// What one case holds against one requirement.
struct Failure {
  std::string requirement;
  std::string text;  // requires, call, expected, actual; may have many lines
};

struct Case {
  std::string name;
  std::vector<std::string> requirements;
  std::string profile;
  std::string verdict = "untested";
  bool deviation = false;  // predicted by the deviations file
  std::string deviation_reason;
  std::string message;  // empty for a plain pass; may have many lines
  std::vector<Failure> failures;
  std::vector<std::string> notes;  // observed and reported, not judged
  double duration_ms = 0;
  std::string reproduce;  // a command line for just this case
  // Of a deviation: a command line that prints a program which shows it without
  // this project. May be empty.
  std::string reproducer;
  // Of a cell of the matrix: axis to value, see Matrix. Empty for other cases.
  std::map<std::string, std::string> cell{};
  std::vector<std::string> steps{};  // what was done, as far as it is known
  // SHA-256 of the trace's file, see trace_file.h; empty if there is none.
  std::string trace{};
};

// One value of an axis: "Joined", and what that means to a reader.
struct AxisValue {
  std::string name{};
  std::string meaning{};
};

struct Axis {
  std::string name{};               // "handle"
  std::vector<AxisValue> values{};  // in the order in which they are shown
};

// Cells of the product of the axes that no case stands for.
struct LeftOut {
  std::string reason{};
  int cells = 0;
};

// The dispatch matrix: what the cells of cases are cells of. The axes that span
// the table are "type" (columns) and "handle" (rows).
struct Matrix {
  std::vector<Axis> axes{};
  std::vector<LeftOut> left_out{};
};

// What fuzzing found wrong: one root cause, however many inputs led to it.
struct RootCause {
  std::string key{};    // the same for the same cause, in every run
  std::string tier{};   // of the input: "conformant", "consistent", "hostile"
  std::string field{};  // of the message, the guilty one; or the guilty call
  std::string relation{};  // that is not checked, or what went wrong
  std::vector<std::string> damages{};  // that were seen
  std::string owed{};
  std::string came{};
  std::string annotated{};   // the smallest input, its fields explained
  std::string reproduced{};  // how often it was: "10 of 10"
};

// One search by one fuzz target.
struct Campaign {
  std::string target{};  // "event_decoder"
  std::string tier{};    // of the inputs that were sought; empty: all
  double seconds = 0;
  std::uint64_t inputs = 0;
  std::uint64_t seed = 0;
  std::vector<RootCause> causes{};
};

// Verdicts of requirements and cases are one of: pass, fail, crash, hang,
// unsupported, inconclusive, error, untested. All text is UTF-8; what is not is
// shown with replacement characters.
struct Certificate {
  int schema = 1;
  bool certified = false;
  bool complete = false;  // false after an interrupt
  Implementation implementation;
  Suite suite;
  std::map<std::string, std::string> host;  // "os", "kernel", "cpus", ...
  // Medians of what cases measured, such as "sleep_proof_us". No verdict.
  std::map<std::string, double> figures;
  std::uint64_t seed = 0;
  std::string started;  // ISO 8601, UTC: "2024-05-01T12:00:00Z"
  double duration_s = 0;
  Asked asked;
  Deviations deviations;
  // What else withholds the certificate, e.g. a case of an unknown requirement.
  std::vector<std::string> problems;
  std::vector<Profile> profiles;
  std::vector<Requirement> requirements;
  std::vector<Case> cases;
  Matrix matrix{};                    // may be empty
  std::vector<Campaign> campaigns{};  // none without fuzzing
};

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_CERTIFICATE_H_
