// Which dispatch this thread is in: how the layer's callbacks find the
// caller's.

#ifndef CONFORMANCE_FAULTS_LAYER_FRAME_H_
#define CONFORMANCE_FAULTS_LAYER_FRAME_H_

#include <vector>

#include "conformance/faults/layer/connection.h"
#include "conformance/faults/layer/event.h"

namespace cpgcert::faults {

// One call of the real cpg_dispatch, for as long as it lasts. Nested calls
// make a chain. A connection that is finalized within stays known.
struct Frame {
  Frame(Connection& connection, std::vector<Event>* captured);
  ~Frame();
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  // The innermost dispatch of this thread, or null.
  static Frame* Innermost();

  Connection& connection;
  // Where the events go; null: to the caller's callbacks.
  std::vector<Event>* const captured;
  Frame* const outer;
};

}  // namespace cpgcert::faults

#endif  // CONFORMANCE_FAULTS_LAYER_FRAME_H_
