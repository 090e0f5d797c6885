// A real corosync in the namespaces of the calling process, with clients that
// speak to it through libqb alone.

#ifndef CPGCERT_FUZZ_REQUESTS_REQUEST_COROSYNC_H_
#define CPGCERT_FUZZ_REQUESTS_REQUEST_COROSYNC_H_

#include <qb/qbipcc.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/requests/request_service.h"
#include "harness/corosync.h"

namespace cpgcert::fuzz {

// Nothing is decided by time: what the service has not answered, it has not
// answered while another connection was answered twice. It is lost when it has
// ended, when it has used 2 s of processor time for one answer, or at a
// deadline of 15 s.
//
// REQUIRES: a worker (harness/namespaces.h), and one thread. What is outside of
// the worker's own file systems becomes read-only with Start(): a request can
// name a file for the daemon to remove.
class CorosyncRequests : public RequestService {
 public:
  CorosyncRequests() = default;
  ~CorosyncRequests() override;

  std::string Start() override;
  bool Connect(int connection, size_t size_max) override;
  void Close(int connection) override;
  Answer Send(int connection, std::string_view request) override;
  std::optional<std::string> TakeEvent(int connection, bool wait) override;
  void WaitIdle() override;
  Look LookAtProcess() override;
  RequestDamage Loss() override { return loss_; }
  std::string Folder() const override;
  std::string Version() const { return service_.Version(); }
  pid_t process() const { return service_.pid(); }

 private:
  struct Client {
    qb_ipcc_connection_t* connection = nullptr;
    size_t size_max = 0;
  };
  // Of a wait: when it is given up.
  struct Patience {
    std::chrono::steady_clock::time_point deadline;
    int64_t processor_ticks = 0;  // that the service had used at its begin
  };

  bool lost() const { return !loss_.ok(); }
  Patience Begin() const;
  void Note(const char* damage, const std::string& part,
            const std::string& came);
  // After a connection was closed: by the service, or with it.
  void SeeWhetherItIsThere();
  // Notes a loss, if there is one; true if the wait may go on.
  bool MayWait(const Patience& patience, const char* what);
  // Calls until it returns something else than EAGAIN or ETIMEDOUT.
  ssize_t Insist(const char* what, const std::function<ssize_t()>& call);
  qb_ipcc_connection_t* ConnectTo(size_t size_max);
  // A request that the service answers, on a connection for this alone.
  bool Ask();
  void CloseAll();

  harness::Corosync service_;
  std::array<Client, kConnectionsMax> clients_{};
  Client asking_{};
  std::vector<char> buffer_;
  RequestDamage loss_{};
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_REQUEST_COROSYNC_H_
