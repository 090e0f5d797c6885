// A connection whose making is the point of a case: which model, callbacks,
// flags and context the library is given. Everything else is harness::Client.

#ifndef CPGCERT_CONFORMANCE_CONNECTIONS_RAW_CONNECTION_H_
#define CPGCERT_CONFORMANCE_CONNECTIONS_RAW_CONNECTION_H_

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "conformance/case.h"
#include "harness/cpg_api.h"

namespace cpgcert::conformance::connections {

// What the callbacks of one table were given.
struct CallbackLog {
  int deliver = 0;
  int configuration = 0;
  int totem = 0;
  cpg_handle_t handle = 0;  // the last argument
  void* context = nullptr;  // what cpg_context_get said in the last callback
  int all() const { return deliver + configuration + totem; }
};

// Two tables of callbacks: those that a connection registers, and others that
// must never run.
enum class Table { kRegistered, kDecoy };

CallbackLog& LogOf(Table table);

// CPG_MODEL_V1 with the three callbacks of a table, no flags.
cpg_model_v1_data_t ModelData(Table table);
cpg_callbacks_t PlainCallbacks(Table table);

cpg_model_data_t* AsModelData(cpg_model_v1_data_t* data);

class RawConnection {
 public:
  using Initialize =
      std::function<cs_error_t(const harness::CpgApi& api, cpg_handle_t*)>;

  // Calls `initialize`, again while it answers CS_ERR_TRY_AGAIN. Ends the case
  // as unsupported if the library lacks a usual function.
  RawConnection(CaseContext& context, const Initialize& initialize);
  // Finalizes, if it was connected.
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  cs_error_t result() const { return result_; }
  cpg_handle_t handle() const { return handle_; }
  const harness::CpgApi& api() const { return api_; }

  // Ends the case as untested if it cannot join.
  void Join(std::string_view group) const;
  // The same for a message.
  void Multicast(const std::string& message) const;
  bool WaitReadable(std::chrono::milliseconds deadline) const;
  // CS_DISPATCH_ALL again and again until `wanted` holds; false at the
  // deadline or at an error.
  bool DispatchUntil(const std::function<bool()>& wanted) const;

 private:
  const harness::CpgApi& api_;
  cpg_handle_t handle_ = 0;
  cs_error_t result_ = CS_OK;
};

}  // namespace cpgcert::conformance::connections

#endif  // CPGCERT_CONFORMANCE_CONNECTIONS_RAW_CONNECTION_H_
