// A legal variant whose descriptor is none of the service's.

#include <sys/epoll.h>
#include <unistd.h>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

class EpollDescriptor : public Layer {
  cs_error_t Initialized(cs_error_t result, cpg_handle_t* handle,
                         void*) override {
    if (result != CS_OK) return result;
    const auto connection = ConnectionTable::Get().Find(*handle);
    const int descriptor = epoll_create1(EPOLL_CLOEXEC);
    epoll_event event = {EPOLLIN, {}};
    if (descriptor < 0 ||
        epoll_ctl(descriptor, EPOLL_CTL_ADD,
                  RealDescriptor({*handle, connection}), &event) != 0) {
      if (descriptor >= 0) close(descriptor);
      ConnectionTable::Get().Remove(*connection);
      Layer::Finalize(*handle, connection.get());
      return CS_ERR_LIBRARY;
    }
    connection->descriptor = descriptor;
    return CS_OK;
  }

  cs_error_t DescriptorGet(cpg_handle_t handle, Connection* connection,
                           int* descriptor) override {
    const cs_error_t result =
        Layer::DescriptorGet(handle, connection, descriptor);
    if (result == CS_OK && connection != nullptr) {
      *descriptor = connection->descriptor;
    }
    return result;
  }

  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    const cs_error_t result = Layer::Finalize(handle, connection);
    if (connection != nullptr) {
      const int descriptor = connection->descriptor.exchange(-1);
      if (descriptor >= 0) close(descriptor);
    }
    return result;
  }
};
CPGCERT_PLANT(EpollDescriptor)

}  // namespace cpgcert::faults
