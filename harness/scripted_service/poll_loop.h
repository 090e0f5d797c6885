// A poll(2) loop for libqb's servers: prompt, and fair to all descriptors.
//
// libqb's own loop waits up to 50 ms before it runs a job.

#ifndef CPGCERT_HARNESS_SCRIPTED_SERVICE_POLL_LOOP_H_
#define CPGCERT_HARNESS_SCRIPTED_SERVICE_POLL_LOOP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace cpgcert::harness {

// Not thread-safe. Anything may be called inside a handler.
class PollLoop {
 public:
  // Gets the descriptor and revents of poll(2); a negative result ends the
  // watching of the descriptor.
  using Handler = std::function<int32_t(int descriptor, int events)>;

  // False if the descriptor is watched already, or (Change, Remove) is not.
  bool Add(int descriptor, int events, Handler handler);
  bool Change(int descriptor, int events, Handler handler);
  bool Remove(int descriptor);

  // Runs `job` soon, but not inside the handler that asks for it.
  void RunLater(std::function<void()> job);
  // Ends one wait after so much time at the latest.
  void WakeAfter(std::chrono::milliseconds pause) { pause_ = pause; }

  // One wait, unless a job is there, and all that is to be done after it.
  // Returns false if poll(2) failed.
  bool RunOnce();

 private:
  struct Watch {
    uint64_t number = 0;  // tells it from an earlier one of this descriptor
    int events = 0;
    Handler handler{};
  };

  std::map<int, Watch> watches_;
  std::vector<std::function<void()>> jobs_;
  std::optional<std::chrono::milliseconds> pause_;
  uint64_t next_number_ = 0;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SCRIPTED_SERVICE_POLL_LOOP_H_
