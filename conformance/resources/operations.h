// Each call of libcpg with what must be there before it, and what it must have
// done.

#ifndef CPGCERT_CONFORMANCE_RESOURCES_OPERATIONS_H_
#define CPGCERT_CONFORMANCE_RESOURCES_OPERATIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "conformance/resources/connection.h"
#include "conformance/resources/shortage.h"

namespace cpgcert::conformance::resources {

struct Operation {
  std::string_view name;  // CamelCase, part of a case's name
  std::string_view text;  // the call, as a report shows it
  std::vector<std::string_view> symbols;
  std::string_view message = "message";  // see MessageOf()

  // Brings the connection to where the call is made. "" or why it cannot.
  std::string (*prepare)(Connection& connection) = nullptr;
  cs_error_t (*call)(Connection& connection) = nullptr;
  // After the call has answered CS_OK: "" or what it has not done, or not
  // exactly once.
  std::string (*confirm)(Connection& connection) = nullptr;

  // A failed call may be made again on the same handle.
  bool can_be_repeated = true;
  // Nobody can do it without a request for memory.
  bool needs_memory = false;
  // What it gets by its nature. There are cases of its own for what it leaves
  // behind when it does not.
  std::vector<Resource> gets{};
};

// The message of an operation: larger than one piece if it sends that, else
// Operation::message.
inline constexpr std::string_view kInFragments = "in fragments";
std::string MessageOf(const Operation& operation);

const std::vector<Operation>& Operations();

}  // namespace cpgcert::conformance::resources

#endif  // CPGCERT_CONFORMANCE_RESOURCES_OPERATIONS_H_
