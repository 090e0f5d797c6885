// The program that reproducer.h fills in. For reproducer.cc only.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_REPRODUCER_TEMPLATE_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_REPRODUCER_TEMPLATE_H_

namespace cpgcert::fuzz {

inline constexpr char kReproducerTemplate[] = R"program(@TITLE@
//
//   c++ -std=c++17 -Wall -Wextra -o reproducer THIS_FILE -lcpg -lqb
//   unshare -Urn ./reproducer          (where there is no corosync)
//
// Exit status: 0 what came is what is owed, 1 it is not, 2 could not look.

#include <corosync/cpg.h>
#include <malloc.h>
#include <qb/qbipcs.h>
#include <qb/qbloop.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

// --- What is sent, and what is owed -----------------------------------------

@EVENTS@
const char kOwed[] =
@OWED@;
// As good: without callbacks that an error may take the place of.
const char kOwedInstead[] =
@INSTEAD@;
// At least so many calls of cpg_dispatch are to fail, at most so many may.
constexpr int kErrorsMin = @ERRORS_MIN@;
constexpr int kErrorsMax = @ERRORS_MAX@;
// The finding is memory that every connection keeps.
constexpr bool kLeaks = @LEAKS@;

// --- The service: answers cpg_local_get, and sends the events before that ---

qb_loop_t* loop = nullptr;

struct Reply {
  qb_ipc_response_header header;
  alignas(8) std::uint32_t node;
};

int32_t Accept(qb_ipcs_connection_t*, uid_t, gid_t) { return 0; }
void Created(qb_ipcs_connection_t*) {}
int32_t Closed(qb_ipcs_connection_t*) { return 0; }
void Destroyed(qb_ipcs_connection_t*) {}

int32_t OnRequest(qb_ipcs_connection_t* client, void* data, size_t) {
  constexpr int kLocalGet = 4;
  constexpr int kFinalize = 8;
  const int id = static_cast<qb_ipc_request_header*>(data)->id;
  Reply reply{};
  reply.header.error = CS_OK;
  reply.node = 1;
  if (id == kLocalGet) {
    for (const Event& event : kEvents) {
      if (event.size > 0) qb_ipcs_event_send(client, event.bytes, event.size);
    }
    reply.header.id = 7;
    reply.header.size = sizeof(reply);
  } else if (id == kFinalize) {
    reply.header.id = 12;
    reply.header.size = sizeof(reply.header);
  }
  if (reply.header.size > 0) {
    qb_ipcs_response_send(client, &reply,
                          static_cast<size_t>(reply.header.size));
  }
  return 0;
}

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

// Until the client has ended, in whatever way.
void Serve(int ready) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  loop = qb_loop_create();
  qb_loop_signal_handle handle = nullptr;
  qb_loop_signal_add(loop, QB_LOOP_HIGH, SIGTERM, nullptr, Stop, &handle);
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
  qb_ipcs_destroy(service);
}

// --- The client -------------------------------------------------------------

std::string came;

std::string Readable(const void* bytes, size_t size) {
  std::string text;
  for (size_t i = 0; i < size && i < 40; ++i) {
    const unsigned char byte = static_cast<const unsigned char*>(bytes)[i];
    char shown[8];
    std::snprintf(shown, sizeof(shown),
                  byte >= ' ' && byte <= '~' && byte != '\\' ? "%c" : "\\x%02x",
                  byte);
    text += shown;
  }
  return size > 40 ? text + "..." : text;
}

std::string Group(const cpg_name* group) {
  if (group->length <= CPG_MAX_NAME_LENGTH) {
    return Readable(group->value, group->length);
  }
  return "a name of " + std::to_string(group->length) + " bytes";
}

void Deliver(cpg_handle_t, const cpg_name* group, uint32_t node,
             uint32_t process, void* message, size_t size) {
  came += "message of " + std::to_string(size) + " bytes '" +
          (size <= kBytes ? Readable(message, size) : "more than was sent") +
          "' from " + std::to_string(node) + ":" + std::to_string(process) +
          " in '" + Group(group) + "'\n";
}

std::string List(const cpg_address* list, size_t count) {
  if (24 * count > kBytes) return " more than was sent";
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += " " + std::to_string(list[i].nodeid) + ":" +
            std::to_string(list[i].pid) + ":" + std::to_string(list[i].reason);
  }
  return text;
}

void Change(cpg_handle_t, const cpg_name* group, const cpg_address* members,
            size_t member_count, const cpg_address* left, size_t left_count,
            const cpg_address* joined, size_t joined_count) {
  came += "change of '" + Group(group) + "': members" +
          List(members, member_count) + ", left" + List(left, left_count) +
          ", joined" + List(joined, joined_count) + "\n";
}

void Totem(cpg_handle_t, cpg_ring_id ring, uint32_t count,
           const uint32_t* nodes) {
  came += "totem change: ring " + std::to_string(ring.nodeid) + "." +
          std::to_string(ring.seq) + ", nodes ";
  for (uint32_t i = 0; i < count && 4 * uint64_t{count} <= kBytes; ++i) {
    came += (i > 0 ? " " : "") + std::to_string(nodes[i]);
  }
  came += 4 * uint64_t{count} <= kBytes ? "\n" : "more than was sent\n";
}

// How many dispatches failed, or -1 if there was no connection.
int Session() {
  cpg_model_v1_data_t callbacks{};
  callbacks.model = CPG_MODEL_V1;
  callbacks.cpg_deliver_fn = Deliver;
  callbacks.cpg_confchg_fn = Change;
  callbacks.cpg_totem_confchg_fn = Totem;
  cpg_handle_t handle = 0;
  unsigned int node = 0;
  if (cpg_model_initialize(&handle, CPG_MODEL_V1,
                           reinterpret_cast<cpg_model_data_t*>(&callbacks),
                           nullptr) != CS_OK ||
      cpg_local_get(handle, &node) != CS_OK) {
    return -1;
  }
  came.clear();
  int errors = 0;
  for (size_t i = 0; i < sizeof(kEvents) / sizeof(*kEvents) + 1; ++i) {
    errors += cpg_dispatch(handle, CS_DISPATCH_ALL) == CS_OK ? 0 : 1;
  }
  cpg_finalize(handle);
  return errors;
}

int Report(int errors, long leaked) {
  std::printf("owed:\n%s%d to %d errors\ncame:\n%s%d errors\n", kOwed,
              kErrorsMin, kErrorsMax, came.c_str(), errors);
  if (kLeaks) {
    std::printf("and every connection keeps %ld bytes\n", leaked);
  }
  const bool same = (came == kOwed || came == kOwedInstead) &&
                    errors >= kErrorsMin && errors <= kErrorsMax &&
                    (!kLeaks || leaked <= 0);
  std::printf("%s\n", same ? "as owed" : "NOT as owed");
  return same ? 0 : 1;
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
  // What is kept for later is there after the first connections.
  int errors = 0;
  long leaked = 0;
  for (int i = 0; i < 20 && errors >= 0; ++i) {
    const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    errors = Session();
    leaked = static_cast<long>(mallinfo2().uordblks + mallinfo2().hblkhd) -
             static_cast<long>(before);
  }
  kill(server, SIGTERM);
  waitpid(server, nullptr, 0);
  if (errors < 0) {
    std::puts("cannot connect");
    return 2;
  }
  return Report(errors, leaked);
}
)program";

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_REPRODUCER_TEMPLATE_H_
