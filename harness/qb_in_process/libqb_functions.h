// libqb's own functions, for when those of this executable are to hand every
// call on to them. For this folder only; see libqb_forwarding.h.

#ifndef CPGCERT_HARNESS_QB_IN_PROCESS_LIBQB_FUNCTIONS_H_
#define CPGCERT_HARNESS_QB_IN_PROCESS_LIBQB_FUNCTIONS_H_

#include <qb/qbipcc.h>

namespace cpgcert::harness {

struct LibqbFunctions {
  decltype(&qb_ipcc_connect) connect;
  decltype(&qb_ipcc_connect_async) connect_async;
  decltype(&qb_ipcc_connect_continue) connect_continue;
  decltype(&qb_ipcc_disconnect) disconnect;
  decltype(&qb_ipcc_fd_get) fd_get;
  decltype(&qb_ipcc_auth_get) auth_get;
  decltype(&qb_ipcc_fc_enable_max_set) fc_enable_max_set;
  decltype(&qb_ipcc_sendv) sendv;
  decltype(&qb_ipcc_send) send;
  decltype(&qb_ipcc_recv) recv;
  decltype(&qb_ipcc_sendv_recv) sendv_recv;
  decltype(&qb_ipcc_event_recv) event_recv;
  decltype(&qb_ipcc_context_set) context_set;
  decltype(&qb_ipcc_context_get) context_get;
  decltype(&qb_ipcc_is_connected) is_connected;
  decltype(&qb_ipcc_get_buffer_size) get_buffer_size;
};

// Null unless ForwardToLibqb() was called.
inline const LibqbFunctions* forwarded_to = nullptr;
inline const LibqbFunctions* Libqb() { return forwarded_to; }

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_QB_IN_PROCESS_LIBQB_FUNCTIONS_H_
