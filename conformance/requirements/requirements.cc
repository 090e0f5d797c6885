#include "conformance/requirements/requirements.h"

#include <algorithm>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

const std::vector<Requirement>& Requirements() {
  static const std::vector<Requirement> table = [] {
    std::vector<Requirement> rows;
    for (const auto& area :
         {DispatchRequirements(), ConnectionRequirements(), GroupRequirements(),
          EventRequirements(), MessageRequirements(), QueryRequirements(),
          ZeroCopyRequirements(), ServiceRequirements(), ResourceRequirements(),
          ConcurrencyRequirements(), WireRequirements()}) {
      rows.insert(rows.end(), area.begin(), area.end());
    }
    return rows;
  }();
  return table;
}

const Requirement* FindRequirement(std::string_view id) {
  const auto found = std::ranges::find(Requirements(), id, &Requirement::id);
  return found == Requirements().end() ? nullptr : &*found;
}

const std::vector<StruckRequirement>& StruckRequirements() {
  static const std::vector<StruckRequirement> struck = {
      {"CONF-04",
       "One change per group for all members that a node's loss takes away, "
       "then one for all that a node brings.",
       "It takes several nodes to show; the profiles api and faults are judged "
       "on one node."},
      {"MCAST-11", "cpg_mcast_joined works without quorum.",
       "Without a quorum provider, which is how the service is started here, "
       "there is no quorum to lose; it takes several nodes to show."},
  };
  return struck;
}

std::vector<RequirementRow> RequirementRows() {
  std::vector<RequirementRow> rows;
  for (const Requirement& requirement : Requirements()) {
    rows.push_back({std::string(requirement.id), requirement.tier,
                    std::string(requirement.profile), requirement.optional});
  }
  return rows;
}

}  // namespace cpgcert::conformance
