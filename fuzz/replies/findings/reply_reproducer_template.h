// The program that reply_reproducer.h fills in. For reply_reproducer.cc only.

#ifndef CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_REPRODUCER_TEMPLATE_H_
#define CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_REPRODUCER_TEMPLATE_H_

namespace cpgcert::fuzz {

inline constexpr char kReplyReproducerTemplate[] = R"program(@TITLE@
//
//   c++ -std=c++17 -Wall -Wextra -o reproducer THIS_FILE -lcpg -lqb
//   unshare -Urn ./reproducer          (where there is no corosync)
//
// Exit status: 0 what came is what is owed, 1 it is not, 2 could not look.

#include <corosync/cpg.h>
#include <qb/qbipcs.h>
#include <qb/qbloop.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

// --- The calls, what is answered to each, and what is owed ------------------

enum Call {
  kConnect,
  kJoin,
  kLeave,
  kMembership,
  kLocalGet,
  kIterationInitialize,
  kIterationNext,
  kIterationFinalize,
  kMulticast,
  kFinalize
};

struct Step {
  Call call;
  unsigned parameter;  // room for members, type of iteration, which fragment
  bool cut;            // no answer: the service closes the connection
  std::string reply;
  bool may_fail;       // with any error
  int code;            // owed; 0: none but that
  std::vector<std::string> values;  // of which one is owed with CS_OK
};

const std::vector<Step> kSteps = {
@STEPS@};

// --- The service ------------------------------------------------------------

// Request ids of corosync's protocol, by Call; cpg_mcast_joined's is that of a
// fragment.
constexpr int kRequests[] = {-1, 0, 1, 3, 4, 5, 6, 7, 12, 8};
constexpr int kFragment = 12;

qb_loop_t* loop = nullptr;
size_t next_step = 0;
unsigned fragments = 0;

std::string Honest(int request) {
  constexpr int kReplies[] = {0, 1, 2, 3, 7, 9, 10, 11, 12, -1, -1, -1, 18};
  struct alignas(8) {
    qb_ipc_response_header header;
    std::uint64_t values[1200];
  } reply{};
  size_t size = sizeof(reply.header);
  if (request == 3) size += 8 + 384 * 24;
  if (request == 4 || request == 5) size += 8;
  if (request == 6) size += 144;
  // One member, node 1, an iteration: 1 in each of them.
  reply.values[0] = 1;
  reply.values[1] = 1;
  reply.header.id = kReplies[request];
  reply.header.error = CS_OK;
  reply.header.size = static_cast<int>(size);
  return {reinterpret_cast<const char*>(&reply), size};
}

bool IsFor(const Step& step, int request) {
  if (kRequests[step.call] != request) return false;
  return request != kFragment || fragments++ == step.parameter;
}

void CutOff(void* client) {
  qb_ipcs_disconnect(static_cast<qb_ipcs_connection_t*>(client));
}

int32_t OnRequest(qb_ipcs_connection_t* client, void* data, size_t) {
  const int id = static_cast<qb_ipc_request_header*>(data)->id;
  if (id < 0 || id > kFragment || id == 2 || (id > 8 && id != kFragment)) {
    return 0;
  }
  std::string reply = Honest(id);
  if (next_step < kSteps.size() && IsFor(kSteps[next_step], id)) {
    const Step& step = kSteps[next_step++];
    if (step.cut) {
      // Not in the midst of its request.
      qb_loop_job_add(loop, QB_LOOP_LOW, client, CutOff);
      return 0;
    }
    reply = step.reply;
  }
  qb_ipcs_response_send(client, reply.data(), reply.size());
  return 0;
}

int32_t Accept(qb_ipcs_connection_t*, uid_t, gid_t) {
  const bool refused = kSteps[0].call == kConnect && kSteps[0].cut;
  return refused ? -13 : 0;
}
void Created(qb_ipcs_connection_t*) {
  next_step = 0;
  fragments = 0;
}
int32_t Closed(qb_ipcs_connection_t*) { return 0; }
void Destroyed(qb_ipcs_connection_t*) {}
int32_t AddJob(qb_loop_priority priority, void* data,
               qb_loop_job_dispatch_fn function) {
  return qb_loop_job_add(loop, priority, data, function);
}
int32_t AddPoll(qb_loop_priority priority, int32_t descriptor, int32_t events,
                void* data, qb_ipcs_dispatch_fn_t function) {
  return qb_loop_poll_add(loop, priority, descriptor, events, data, function);
}
int32_t ModifyPoll(qb_loop_priority priority, int32_t descriptor,
                   int32_t events, void* data,
                   qb_ipcs_dispatch_fn_t function) {
  return qb_loop_poll_mod(loop, priority, descriptor, events, data, function);
}
int32_t DeletePoll(int32_t descriptor) {
  return qb_loop_poll_del(loop, descriptor);
}

int32_t Stop(int32_t, void*) {
  qb_loop_stop(loop);
  return 0;
}

// Until SIGTERM, which comes when the client dies, too.
void Serve(int ready) {
  loop = qb_loop_create();
  qb_loop_signal_handle signal{};
  qb_loop_signal_add(loop, QB_LOOP_HIGH, SIGTERM, nullptr, Stop, &signal);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  qb_ipcs_service_handlers handlers{};
  handlers.connection_accept = Accept;
  handlers.connection_created = Created;
  handlers.msg_process = OnRequest;
  handlers.connection_closed = Closed;
  handlers.connection_destroyed = Destroyed;
  qb_ipcs_service_t* const service =
      qb_ipcs_create("cpg", 0, QB_IPC_SHM, &handlers);
  qb_ipcs_enforce_buffer_size(service, 1 << 20);
  qb_ipcs_poll_handlers poll{};
  poll.job_add = AddJob;
  poll.dispatch_add = AddPoll;
  poll.dispatch_mod = ModifyPoll;
  poll.dispatch_del = DeletePoll;
  qb_ipcs_poll_handlers_set(service, &poll);
  const char listening = qb_ipcs_run(service) == 0 ? 'y' : 'n';
  if (write(ready, &listening, 1) == 1 && listening == 'y') qb_loop_run(loop);
  qb_ipcs_destroy(service);  // and what it shared with its clients
}

// --- The client -------------------------------------------------------------

cpg_handle_t handle = 0;
cpg_iteration_handle_t iteration = 0;
cpg_name group = {5, "group"};

template <class Number>
void Append(Number number, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

// So many entries that end where memory ends.
cpg_address* Room(size_t count) {
  constexpr size_t kSize = 16384;
  static char* const begin = static_cast<char*>(
      mmap(nullptr, 2 * kSize, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(begin + kSize, kSize, PROT_NONE);
  return reinterpret_cast<cpg_address*>(begin + kSize) - count;
}

// Where the next call has its variables.
__attribute__((noinline)) void StainStack(int pattern) {
  volatile char stack[32768];
  memset(const_cast<char*>(stack), pattern, sizeof(stack));
  asm volatile("" : : "r"(stack) : "memory");
}

int Connect() {
  cpg_model_v1_data_t callbacks{};
  callbacks.model = CPG_MODEL_V1;
  return cpg_model_initialize(&handle, CPG_MODEL_V1,
                              reinterpret_cast<cpg_model_data_t*>(&callbacks),
                              nullptr);
}

int Membership(unsigned room, std::string* value) {
  int count = static_cast<int>(room);
  cpg_address* const members = Room(room);
  const int code = cpg_membership_get(handle, &group, members, &count);
  Append(count, value);
  for (int i = 0; i < count && i < static_cast<int>(room); ++i) {
    Append(members[i], value);
  }
  return code;
}

int Next(std::string* value) {
  cpg_iteration_description_t entry{};
  const int code = cpg_iteration_next(iteration, &entry);
  Append(entry.nodeid, value);
  Append(entry.pid, value);
  const bool fits = entry.group.length <= CPG_MAX_NAME_LENGTH;
  value->append(entry.group.value, fits ? entry.group.length : 0);
  *value += fits ? "" : "a name of " + std::to_string(entry.group.length);
  return code;
}

int Multicast() {
  uint32_t size = 0;
  cpg_max_atomic_msgsize_get(handle, &size);
  std::string message(size + 1, 'm');
  const iovec piece = {&message[0], message.size()};
  return cpg_mcast_joined(handle, CPG_TYPE_AGREED, &piece, 1);
}

int Make(const Step& step, std::string* value) {
  unsigned int node = 0xa5a5a5a5;
  int code = 0;
  const auto type = static_cast<cpg_iteration_type_t>(step.parameter + 1);
  switch (step.call) {
    case kConnect:
      return Connect();
    case kJoin:
      return cpg_join(handle, &group);
    case kLeave:
      return cpg_leave(handle, &group);
    case kMembership:
      return Membership(step.parameter, value);
    case kLocalGet:
      code = cpg_local_get(handle, &node);
      Append(node, value);
      return code;
    case kIterationInitialize:
      return cpg_iteration_initialize(
          handle, type, type == CPG_ITERATION_ONE_GROUP ? &group : nullptr,
          &iteration);
    case kIterationNext:
      return Next(value);
    case kIterationFinalize:
      return cpg_iteration_finalize(iteration);
    case kMulticast:
      return Multicast();
    case kFinalize:
      return cpg_finalize(handle);
  }
  return 0;
}

// What the call needs, honestly answered.
void Prepare(Call call) {
  if (call == kLeave) cpg_join(handle, &group);
  if (call == kIterationNext || call == kIterationFinalize) {
    cpg_iteration_initialize(handle, CPG_ITERATION_NAME_ONLY, nullptr,
                             &iteration);
  }
}

bool IsOwed(const Step& step, int code, const std::string& value, bool doubt) {
  if (code != CS_OK) return step.may_fail || doubt || code == step.code;
  if (step.code != CS_OK) return false;
  for (const std::string& owed : step.values) {
    if (owed == value) return true;
  }
  return false;
}

// The codes that came, or "" if there was no connection; *right becomes false
// if one of them is not owed.
std::string Session(int pattern, bool* right) {
  std::string codes;
  bool doubt = false;
  if (kSteps[0].call != kConnect && Connect() != CS_OK) return "";
  for (const Step& step : kSteps) {
    std::string value;
    Prepare(step.call);
    StainStack(pattern);
    const int code = Make(step, &value);
    codes += " " + std::to_string(code);
    *right = *right && IsOwed(step, code, value, doubt);
    doubt = doubt || (step.may_fail && step.code != CS_OK);
  }
  if (kSteps.back().call != kFinalize) cpg_finalize(handle);
  return codes;
}

}  // namespace

int main() {
  int ready[2];
  char listening = 'n';
  if (pipe(ready) != 0) return 2;
  const pid_t server = fork();
  if (server == 0) {
    Serve(ready[1]);
    _exit(0);
  }
  close(ready[1]);
  if (read(ready[0], &listening, 1) != 1 || listening != 'y') {
    std::puts("cannot listen as \"cpg\": is there a corosync?");
    return 2;
  }
  bool right = true;
  const std::string first = Session(0x00, &right);
  const std::string second = Session(0x5a, &right);
  kill(server, SIGTERM);
  waitpid(server, nullptr, 0);
  if (first.empty()) {
    std::puts("cannot connect");
    return 2;
  }
  std::printf("codes:%s\nand over other old memory:%s\n", first.c_str(),
              second.c_str());
  right = right && first == second;
  std::puts(right ? "as owed" : "NOT as owed");
  return right ? 0 : 1;
}
)program";

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_REPRODUCER_TEMPLATE_H_
