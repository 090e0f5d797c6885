#include "harness/scripted_service/scripted_trace.h"

#include "harness/trace/trace_event.h"
#include "harness/trace/traced_values.h"

namespace cpgcert::harness {

std::vector<LoggedRequest> ObserveRequests(
    const std::function<std::vector<LoggedRequest>()>& look) {
  return trace::ObserveAs(
      "request_log", look,
      [](const std::vector<LoggedRequest>& requests) {
        trace::Json rows = trace::Json::array();
        for (const LoggedRequest& request : requests) {
          rows.push_back({request.connection, request.process,
                          trace::BytesValue(request.bytes)});
        }
        return rows;
      },
      [](const trace::Json& rows) {
        std::vector<LoggedRequest> requests;
        for (const trace::Json& row : rows) {
          requests.push_back({.connection = row.at(0).get<int>(),
                              .process = row.at(1).get<pid_t>(),
                              .bytes = trace::Bytes(row.at(2))});
        }
        return requests;
      });
}

}  // namespace cpgcert::harness
