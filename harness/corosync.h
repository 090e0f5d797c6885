#ifndef CPGCERT_HARNESS_COROSYNC_H_
#define CPGCERT_HARNESS_COROSYNC_H_

#include <chrono>
#include <string>
#include <vector>

#include "harness/service.h"

namespace cpgcert::harness {

struct CorosyncNode {
  int id = 1;  // >= 1
  std::string address = "127.0.0.1";
};

enum class CorosyncTransport { kUdpu, kKnet };

// The defaults give the quickest start of one node, without privileges.
struct CorosyncOptions {
  // The whole cluster. The daemon that is started is the node whose address
  // belongs to an interface of the calling process's network namespace.
  std::vector<CorosyncNode> nodes = {CorosyncNode{}};
  CorosyncTransport transport = CorosyncTransport::kUdpu;

  // Timers of totem, see corosync.conf(5); 0 stands for the default. That is
  // corosync's own (3000, 3600, 50) for one node: it starts no slower, and a
  // daemon that is stopped or starved for a while does not form a new ring.
  // For more nodes, which wait for each other, it is 300, 400, 30, about the
  // least allowed.
  std::chrono::milliseconds token{0};
  std::chrono::milliseconds consensus{0};
  std::chrono::milliseconds join{0};

  // Configuration, log and state are written here. Made if it's missing; it
  // isn't removed. Default: a directory below kScratchDirectory.
  std::string run_directory{};

  // The executable. Default: what FindCorosync() finds.
  std::string executable{};

  // False: the daemon runs in a user namespace in which our user is not root
  // but somebody it doesn't know: it refuses every client (CS_ERR_ACCESS).
  bool admit_clients = true;

  // Appended to the configuration as it is. One item per line.
  std::string extra_configuration{};
};

// A /run can hold but one. WaitReady() says nothing of other nodes: a node
// serves alone until they have met.
class Corosync : public Service {
 public:
  explicit Corosync(CorosyncOptions options = {});

  // The path of the corosync in PATH or in /usr/sbin, or an error line.
  struct Found {
    std::string path;
    std::string error;
  };
  static Found FindCorosync();

  // "3.1.7", from `corosync -v`; "" if that says nothing of the kind.
  std::string Version() const;

 protected:
  std::string Prepare() override;
  void ChangeCredentials() override;
  [[noreturn]] void Become() override;
  bool AdmitsClients() const override { return options_.admit_clients; }

 private:
  std::string Configuration() const;
  std::string ConfigurationPath() const;

  const CorosyncOptions options_;
  std::string executable_;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_COROSYNC_H_
