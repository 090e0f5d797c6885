#include "harness/scripted_service/poll_loop.h"

#include <poll.h>

#include <cerrno>
#include <utility>

namespace cpgcert::harness {

bool PollLoop::Add(int descriptor, int events, Handler handler) {
  return watches_
      .try_emplace(descriptor,
                   Watch{next_number_++, events, std::move(handler)})
      .second;
}

bool PollLoop::Change(int descriptor, int events, Handler handler) {
  const auto found = watches_.find(descriptor);
  if (found == watches_.end()) {
    return false;
  }
  found->second.events = events;
  found->second.handler = std::move(handler);
  return true;
}

bool PollLoop::Remove(int descriptor) { return watches_.erase(descriptor) > 0; }

void PollLoop::RunLater(std::function<void()> job) {
  jobs_.push_back(std::move(job));
}

bool PollLoop::RunOnce() {
  std::vector<pollfd> watched;
  std::vector<uint64_t> numbers;
  for (const auto& [descriptor, watch] : watches_) {
    watched.push_back({descriptor, static_cast<short>(watch.events), 0});
    numbers.push_back(watch.number);
  }
  int timeout_ms = -1;
  if (!jobs_.empty()) {
    timeout_ms = 0;
  } else if (pause_.has_value()) {
    timeout_ms = static_cast<int>(pause_->count());
  }
  pause_.reset();
  if (poll(watched.data(), watched.size(), timeout_ms) < 0) {
    return errno == EINTR;
  }
  for (size_t i = 0; i < watched.size(); ++i) {
    const int descriptor = watched[i].fd;
    const auto found = watches_.find(descriptor);
    // A handler before may have ended the watching, and begun another.
    if (watched[i].revents == 0 || found == watches_.end() ||
        found->second.number != numbers[i]) {
      continue;
    }
    const Handler handler = found->second.handler;
    const bool done = handler(descriptor, watched[i].revents) < 0;
    const auto after = watches_.find(descriptor);
    if (done && after != watches_.end() && after->second.number == numbers[i]) {
      watches_.erase(after);
    }
  }
  for (const auto& job : std::exchange(jobs_, {})) {
    job();
  }
  return true;
}

}  // namespace cpgcert::harness
