// What a libcpg answers to a fixed series of calls, as text: two services are
// equally honest if it reads the same.

#ifndef CPGCERT_HARNESS_QB_IN_PROCESS_CALL_DIARY_H_
#define CPGCERT_HARNESS_QB_IN_PROCESS_CALL_DIARY_H_

#include <string>

#include "harness/client.h"
#include "harness/cpg_api.h"

namespace cpgcert::harness {

// Connections, groups, messages of all sizes, queries and departures, of two
// connections of this process. Node and process ids are told as "own" or not.
class CallDiary {
 public:
  explicit CallDiary(const CpgApi& api)
      : api_(api), first_(api, {}), second_(api, {.totem = true}) {}

  // A line for each answer and callback. Once only.
  std::string Write();

 private:
  void Note(const std::string& line) { text_ += line + "\n"; }
  void Note(const char* call, cs_error_t result);
  void Callbacks(const char* who, Client& client, size_t count);
  std::string Anonymous(const CallbackRecord& record) const;

  void Connect();
  void Join();
  void Messages();
  void Queries();
  void Members(const char* group);
  void Iterate(cpg_iteration_type_t type, const char* group);
  void Departures();

  const CpgApi& api_;
  Client first_;
  Client second_;
  unsigned int node_ = 0;
  std::string text_;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_QB_IN_PROCESS_CALL_DIARY_H_
