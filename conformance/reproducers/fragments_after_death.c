// A member sends a large message, corosync (its process id is the argument)
// is killed, and the member sends the message once more.
#include <corosync/cpg.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static cs_error_t error;
#define NEED(call) while ((error = (call)) != CS_OK) \
  if (error != CS_ERR_TRY_AGAIN) errx(2, "could not tell: " #call)
#pragma GCC diagnostic ignored "-Wunused-parameter"

static int delivered;
static void Deliver(cpg_handle_t handle, const struct cpg_name *group,
                    uint32_t node, uint32_t pid, void *message, size_t size) {
  ++delivered;
}

int main(int count, char **arguments) {
  static char text[2000000];
  struct iovec small = {text, 1}, large = {text, sizeof text};
  struct cpg_name group = {.length = 5, .value = "large"};
  cpg_callbacks_t callbacks = {Deliver, NULL};
  pid_t daemon = count == 2 ? atoi(arguments[1]) : 0;
  cpg_handle_t handle;
  if (daemon < 2) errx(2, "needs the process id of corosync, which it kills");
  NEED(cpg_initialize(&handle, &callbacks));
  NEED(cpg_join(handle, &group));
  NEED(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &small, 1));
  while (delivered < 1) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
  NEED(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &large, 1));
  while (delivered < 2) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
  if (kill(daemon, SIGKILL) != 0) return 2;
  while (cpg_dispatch(handle, CS_DISPATCH_ALL) == CS_OK) continue;
  error = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &large, 1);
  printf("cpg_mcast_joined: %d (1: CS_OK, 2 to 100: an error)\n", error);
  return error <= CS_OK || error > CS_ERR_SECURITY;
}
