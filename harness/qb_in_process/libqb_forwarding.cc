#include "harness/qb_in_process/libqb_forwarding.h"

#include <dlfcn.h>

#include "harness/qb_in_process/libqb_functions.h"

namespace cpgcert::harness {

namespace {

// Looked for in libqb itself: a call by name would come to this executable.
template <class Function>
bool Find(void* libqb, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(libqb, name));
  return *function != nullptr;
}

bool FindAll(void* libqb, LibqbFunctions* to) {
  return Find(libqb, "qb_ipcc_connect", &to->connect) &&
         Find(libqb, "qb_ipcc_connect_async", &to->connect_async) &&
         Find(libqb, "qb_ipcc_connect_continue", &to->connect_continue) &&
         Find(libqb, "qb_ipcc_disconnect", &to->disconnect) &&
         Find(libqb, "qb_ipcc_fd_get", &to->fd_get) &&
         Find(libqb, "qb_ipcc_auth_get", &to->auth_get) &&
         Find(libqb, "qb_ipcc_fc_enable_max_set", &to->fc_enable_max_set) &&
         Find(libqb, "qb_ipcc_sendv", &to->sendv) &&
         Find(libqb, "qb_ipcc_send", &to->send) &&
         Find(libqb, "qb_ipcc_recv", &to->recv) &&
         Find(libqb, "qb_ipcc_sendv_recv", &to->sendv_recv) &&
         Find(libqb, "qb_ipcc_event_recv", &to->event_recv) &&
         Find(libqb, "qb_ipcc_context_set", &to->context_set) &&
         Find(libqb, "qb_ipcc_context_get", &to->context_get) &&
         Find(libqb, "qb_ipcc_is_connected", &to->is_connected) &&
         Find(libqb, "qb_ipcc_get_buffer_size", &to->get_buffer_size);
}

}  // namespace

std::string ForwardToLibqb() {
  static LibqbFunctions functions{};
  // Never closed: the functions stay in use.
  void* const libqb = dlopen("libqb.so.100", RTLD_NOW);
  if (libqb == nullptr) return dlerror();
  if (!FindAll(libqb, &functions)) return dlerror();
  forwarded_to = &functions;
  return "";
}

}  // namespace cpgcert::harness
