// What the gate found out, for whoever reads the table (tools/gate_table).

#ifndef CPGCERT_CONFORMANCE_FAULTS_GATE_ROWS_H_
#define CPGCERT_CONFORMANCE_FAULTS_GATE_ROWS_H_

#include <string>
#include <vector>

#include "conformance/faults/faults.h"
#include "harness/verdict.h"

namespace cpgcert::faults {

// A case that spoke against the requirement of a fault.
struct Catch {
  std::string case_name;
  harness::Verdict verdict = harness::Verdict::kPass;
};

// One fault.
struct GateRow {
  Fault fault;
  std::vector<Catch> catches;  // in the order in which the cases ran
  size_t ran = 0;              // cases that ran on it
  size_t deciding = 0;         // cases that decide its requirement
  double duration_s = 0;
};

// One line: "swaps_two_events (ORD-03): fail by A; fail by B; 7 of 31 cases".
std::string Line(const GateRow& row);

// The rows as JSON, as tools/gate_table reads them.
std::string ToJson(const std::vector<GateRow>& rows);

}  // namespace cpgcert::faults

#endif  // CPGCERT_CONFORMANCE_FAULTS_GATE_ROWS_H_
