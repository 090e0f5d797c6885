#include "harness/service_choice.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "harness/corosync.h"
#include "harness/scripted_service/scripted_service.h"

namespace cpgcert::harness {

namespace {

using Kind = ServiceChoice::Kind;

class SingleNodeService : public Service {
 public:
  explicit SingleNodeService(std::string run_directory)
      : Service("the scripted service", std::move(run_directory)) {}

 protected:
  std::string Prepare() override { return ""; }
  [[noreturn]] void Become() override { RunSingleNode(); }
};

class CommandService : public Service {
 public:
  CommandService(std::string command, std::string run_directory)
      : Service("the service", std::move(run_directory)),
        // So that the program, not the shell, is what is killed.
        line_("exec " + std::move(command)) {}

 protected:
  std::string Prepare() override { return ""; }
  [[noreturn]] void Become() override {
    setenv("CPGCERT_RUN_DIRECTORY", run_directory().c_str(), 1);
    execl("/bin/sh", "sh", "-c", line_.c_str(), nullptr);
    DieInChild("cannot execute /bin/sh");
  }

 private:
  const std::string line_;
};

}  // namespace

std::string ParseServiceChoice(std::string_view text, ServiceChoice* choice) {
  constexpr std::string_view kCommand = "exec:";
  if (text == "corosync") {
    *choice = {.kind = Kind::kCorosync};
  } else if (text == "scripted") {
    *choice = {.kind = Kind::kScripted};
  } else if (text == "running") {
    *choice = {.kind = Kind::kRunning};
  } else if (text.starts_with(kCommand) &&
             text.find_first_not_of(' ', kCommand.size()) != text.npos) {
    *choice = {.kind = Kind::kCommand,
               .command = std::string(text.substr(kCommand.size()))};
  } else {
    return fmt::format(
        "'{}' is no service; there are corosync, scripted, running, "
        "exec:COMMAND",
        text);
  }
  return "";
}

std::unique_ptr<Service> MakeService(const ServiceChoice& choice,
                                     const std::string& run_directory) {
  switch (choice.kind) {
    case Kind::kCorosync:
      return std::make_unique<Corosync>(
          CorosyncOptions{.run_directory = run_directory});
    case Kind::kScripted:
      return std::make_unique<SingleNodeService>(run_directory);
    case Kind::kCommand:
      return std::make_unique<CommandService>(choice.command, run_directory);
    case Kind::kRunning:
      return nullptr;
  }
  return nullptr;
}

}  // namespace cpgcert::harness
