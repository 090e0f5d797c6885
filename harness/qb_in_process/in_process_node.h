// An honest service of one node behind the qb_ipcc_* functions of this
// executable: join, multicast, membership and the others work, in one process.

#ifndef CPGCERT_HARNESS_QB_IN_PROCESS_IN_PROCESS_NODE_H_
#define CPGCERT_HARNESS_QB_IN_PROCESS_IN_PROCESS_NODE_H_

#include <cstdint>
#include <vector>

#include "harness/qb_in_process/in_process_service.h"
#include "harness/scripted_service/single_node.h"

namespace cpgcert::harness {

// Takes over the handlers of `service`, which must outlive it. What is to be
// dishonest is planted there, or wrapped around the handlers afterwards.
class InProcessNode {
 public:
  InProcessNode(uint32_t node, InProcessService* service);
  // The service has no handlers then.
  ~InProcessNode();
  InProcessNode(const InProcessNode&) = delete;
  InProcessNode& operator=(const InProcessNode&) = delete;

 private:
  void Deliver(const std::vector<SingleNode::Outgoing>& events);

  SingleNode node_;
  InProcessService& service_;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_QB_IN_PROCESS_IN_PROCESS_NODE_H_
