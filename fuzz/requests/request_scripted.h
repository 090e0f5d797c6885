// The honest service of one node (harness/scripted_service/single_node), in
// this process and without a transport.

#ifndef CPGCERT_FUZZ_REQUESTS_REQUEST_SCRIPTED_H_
#define CPGCERT_FUZZ_REQUESTS_REQUEST_SCRIPTED_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/requests/request_service.h"
#include "harness/scripted_service/single_node.h"

namespace cpgcert::fuzz {

class ScriptedRequests : public RequestService {
 public:
  std::string Start() override;
  bool Connect(int connection, size_t size_max) override;
  void Close(int connection) override;
  Answer Send(int connection, std::string_view request) override;
  std::optional<std::string> TakeEvent(int connection, bool wait) override;
  void WaitIdle() override {}
  Look LookAtProcess() override { return {}; }
  RequestDamage Loss() override { return {}; }
  std::string Folder() const override { return ""; }

 private:
  void Deliver(const std::vector<harness::SingleNode::Outgoing>& events);

  std::unique_ptr<harness::SingleNode> node_;
  std::map<int, std::deque<std::string>> events_;  // of those that are open
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_REQUEST_SCRIPTED_H_
