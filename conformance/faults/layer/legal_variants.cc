// Layers that differ from the library beneath in what the pages leave open.

#include <fcntl.h>
#include <unistd.h>

#include <mutex>
#include <thread>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

// The first connection brings a descriptor and a thread that serve the whole
// process and stay.
class KeepsForProcess : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    std::call_once(first_, [] {
      open("/dev/null", O_RDONLY | O_CLOEXEC);
      std::thread([] {
        for (;;) pause();
      }).detach();
    });
    return CS_OK;
  }
  std::once_flag first_;
};
CPGCERT_PLANT(KeepsForProcess)

}  // namespace cpgcert::faults
