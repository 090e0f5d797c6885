#include "conformance/faults/gate_rows.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace cpgcert::faults {

std::string Line(const GateRow& row) {
  std::string line = fmt::format("{}{} ({}): ", row.fault.folder,
                                 row.fault.name, row.fault.requirement);
  for (const Catch& caught : row.catches) {
    line +=
        fmt::format("{} by {}; ", ToString(caught.verdict), caught.case_name);
  }
  return line + fmt::format("{} of {} cases in {:.1f} s", row.ran, row.deciding,
                            row.duration_s);
}

std::string ToJson(const std::vector<GateRow>& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const GateRow& row : rows) {
    nlohmann::json entry = {{"folder", row.fault.folder},
                            {"name", row.fault.name},
                            {"requirement", row.fault.requirement},
                            {"verdicts", row.fault.verdicts},
                            {"does", row.fault.does},
                            {"why_equivalent", row.fault.why_equivalent},
                            {"ran", row.ran},
                            {"deciding", row.deciding},
                            {"duration_s", row.duration_s},
                            {"catches", nlohmann::json::array()}};
    for (const Catch& caught : row.catches) {
      entry["catches"].push_back(
          {{"case", caught.case_name}, {"verdict", ToString(caught.verdict)}});
    }
    list.push_back(std::move(entry));
  }
  return list.dump(1);
}

}  // namespace cpgcert::faults
