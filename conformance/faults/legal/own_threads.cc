// Legal variants with a thread of their own for each connection: it takes the
// events from the library beneath; cpg_dispatch(3) runs the callbacks of those
// that it has let go.

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

namespace {

// The events of one connection, between its thread and its dispatchers.
// The descriptor for poll(2) is an end of a pair of sockets: it holds a byte
// exactly while events are ready, and is hung up when no more will come.
class Inbox {
 public:
  // Null if there are no descriptors left.
  static std::shared_ptr<Inbox> Make() {
    auto inbox = std::make_shared<Inbox>();
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      return nullptr;
    }
    inbox->descriptor_ = ends[0];
    inbox->far_end_ = ends[1];
    return inbox;
  }

  ~Inbox() {
    if (far_end_ >= 0) close(far_end_);
    if (descriptor_ >= 0) close(descriptor_);
  }

  int descriptor() const { return descriptor_; }

  void Put(std::vector<Event>* events) {
    const std::lock_guard lock(mutex_);
    const bool was_empty = events_.empty();
    std::move(events->begin(), events->end(), std::back_inserter(events_));
    if (was_empty && !events_.empty()) {
      send(far_end_, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    events->clear();
  }

  // No more events will come; once none is left, `error` is the answer.
  void Close(cs_error_t error) {
    const std::lock_guard lock(mutex_);
    if (error_ == CS_OK) error_ = error;
    if (far_end_ >= 0) close(far_end_);
    far_end_ = -1;
  }

  // An event, or why there is none: CS_ERR_TRY_AGAIN while one may come.
  std::optional<Event> Take(cs_error_t* error) {
    const std::lock_guard lock(mutex_);
    *error = error_ == CS_OK ? CS_ERR_TRY_AGAIN : error_;
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    // In a child of fork the byte is the parent's.
    if (events_.empty() && getpid() == owner_) {
      char byte = 0;
      recv(descriptor_, &byte, 1, MSG_DONTWAIT);
    }
    return event;
  }

 private:
  const pid_t owner_ = getpid();
  int descriptor_ = -1;
  int far_end_ = -1;
  std::mutex mutex_;
  std::deque<Event> events_;
  cs_error_t error_ = CS_OK;
};

// Held by a thread while it is in the library beneath, and by a fork: that
// library has locks of its own, and in the child nobody would open them.
class ReadingLock {
 public:
  static std::mutex& Get() {
    static auto* const lock = new ReadingLock;
    return lock->mutex_;
  }

 private:
  ReadingLock() {
    // A fork takes first what was registered last, and a thread that reads
    // takes the table's within this one.
    ConnectionTable::Get();
    pthread_atfork([] { Get().lock(); }, [] { Get().unlock(); },
                   [] { Get().unlock(); });
  }

  std::mutex mutex_;
};

// One connection's thread.
class Reader {
 public:
  // How long events are kept to be let go together; 0: not at all.
  Reader(Session session, std::shared_ptr<Inbox> inbox,
         std::chrono::milliseconds hold)
      : session_(std::move(session)), inbox_(std::move(inbox)), hold_(hold) {}

  // False if there is no descriptor or thread left.
  bool Start() {
    stop_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_ < 0) return false;
    // Before the thread is there, which a fork could find in the midst of it.
    ReadingLock::Get();
    events_ = RealDescriptor(session_);
    // The signals of the process are for the threads of the caller.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(
        &thread_, nullptr,
        [](void* self) -> void* {
          static_cast<Reader*>(self)->Run();
          return nullptr;
        },
        this);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    started_ = error == 0;
    return started_;
  }

  ~Reader() {
    // A child of fork has no such thread.
    if (started_ && getpid() == owner_) {
      eventfd_write(stop_, 1);
      pthread_join(thread_, nullptr);
    }
    if (stop_ >= 0) close(stop_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

 private:
  void Run() {
    pollfd waits[] = {{stop_, POLLIN, 0}, {events_, POLLIN, 0}};
    for (;;) {
      if (poll(waits, 2, -1) < 0) continue;
      if (waits[0].revents != 0) return;
      // What comes in the meantime is let go with the first.
      if (hold_.count() > 0 &&
          poll(waits, 1, static_cast<int>(hold_.count())) > 0) {
        return;
      }
      const cs_error_t result = Read();
      if (result != CS_OK && result != CS_ERR_TRY_AGAIN) {
        inbox_->Close(result);
        return;
      }
    }
  }

  // Passes over an event that cannot be read.
  cs_error_t Read() {
    constexpr int kErrorsMax = 4;
    const std::lock_guard lock(ReadingLock::Get());
    cs_error_t result = CS_OK;
    for (int i = 0; i < kErrorsMax; ++i) {
      std::vector<Event> events;
      result = RunReal(session_, CS_DISPATCH_ALL, &events);
      inbox_->Put(&events);
      if (result == CS_OK || result == CS_ERR_TRY_AGAIN) break;
    }
    return result;
  }

  const Session session_;
  const std::shared_ptr<Inbox> inbox_;
  const std::chrono::milliseconds hold_;
  const pid_t owner_ = getpid();
  int stop_ = -1;
  int events_ = -1;
  pthread_t thread_ = 0;
  bool started_ = false;
};

class ReadsInThread : public Layer {
 protected:
  explicit ReadsInThread(std::chrono::milliseconds hold) : hold_(hold) {}

 private:
  struct Running {
    std::shared_ptr<Inbox> inbox;
    std::shared_ptr<Reader> reader;
  };

  cs_error_t Initialized(cs_error_t result, cpg_handle_t* handle,
                         void*) override {
    if (result != CS_OK) return result;
    const auto connection = ConnectionTable::Get().Find(*handle);
    Running running;
    running.inbox = Inbox::Make();
    if (running.inbox != nullptr) {
      running.reader = std::make_shared<Reader>(Session{*handle, connection},
                                                running.inbox, hold_);
    }
    if (running.reader == nullptr || !running.reader->Start()) {
      ConnectionTable::Get().Remove(*connection);
      Layer::Finalize(*handle, connection.get());
      return CS_ERR_LIBRARY;
    }
    const std::lock_guard lock(mutex_);
    running_[*handle] = running;
    return CS_OK;
  }

  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    Connection& connection = *session.connection;
    const auto inbox = InboxOf(session.handle);
    // A child of fork has none of its parent's threads.
    if (inbox == nullptr || connection.owner != getpid()) {
      return CS_ERR_BAD_HANDLE;
    }
    const bool blocks =
        type != CS_DISPATCH_ALL && type != CS_DISPATCH_ONE_NONBLOCKING;
    const bool one =
        type == CS_DISPATCH_ONE || type == CS_DISPATCH_ONE_NONBLOCKING;
    bool any = false;
    for (;;) {
      if (connection.finalized) return CS_ERR_BAD_HANDLE;
      cs_error_t error = CS_OK;
      auto event = inbox->Take(&error);
      if (event) {
        any = true;
        event->Run(connection);
        if (connection.finalized) return CS_ERR_BAD_HANDLE;
        if (one) return CS_OK;
        continue;
      }
      if (error != CS_ERR_TRY_AGAIN) {
        return any && !blocks ? CS_OK : error;
      }
      if (!blocks) return one ? CS_ERR_TRY_AGAIN : CS_OK;
      pollfd wait = {inbox->descriptor(), POLLIN, 0};
      poll(&wait, 1, -1);
    }
  }

  cs_error_t DescriptorGet(cpg_handle_t handle, Connection* connection,
                           int* descriptor) override {
    const auto inbox = InboxOf(handle);
    if (connection == nullptr || inbox == nullptr) return CS_ERR_BAD_HANDLE;
    *descriptor = inbox->descriptor();
    return CS_OK;
  }

  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    if (connection == nullptr) return Layer::Finalize(handle, connection);
    Running running;
    {
      const std::lock_guard lock(mutex_);
      const auto found = running_.find(handle);
      if (found == running_.end()) return CS_ERR_BAD_HANDLE;
      running = std::move(found->second);
      running_.erase(found);
    }
    connection->finalized = true;
    running.reader.reset();
    // Wakes the dispatchers that wait.
    running.inbox->Close(CS_ERR_BAD_HANDLE);
    return Layer::Finalize(handle, connection);
  }

  std::shared_ptr<Inbox> InboxOf(cpg_handle_t handle) {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(handle);
    return found == running_.end() ? nullptr : found->second.inbox;
  }

  const std::chrono::milliseconds hold_;
  std::mutex mutex_;
  std::map<cpg_handle_t, Running> running_;
};

}  // namespace

class OwnThreads : public ReadsInThread {
 public:
  OwnThreads() : ReadsInThread(std::chrono::milliseconds(0)) {}
};
CPGCERT_PLANT(OwnThreads)

class EventsInBursts : public ReadsInThread {
 public:
  EventsInBursts() : ReadsInThread(std::chrono::milliseconds(25)) {}
};
CPGCERT_PLANT(EventsInBursts)

}  // namespace cpgcert::faults
