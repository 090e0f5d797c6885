// A process sends itself a small message, then one of two fragments.
#include <corosync/cpg.h>
#include <err.h>
#include <stdio.h>

#define NEED(call) if ((call) != CS_OK) errx(2, "could not tell: " #call)
#pragma GCC diagnostic ignored "-Wunused-parameter"

static int delivered;
static void Deliver(cpg_handle_t handle, const struct cpg_name *group,
                    uint32_t node, uint32_t pid, void *message, size_t size) {
  ++delivered;
}

int main(void) {
  static char text[2000000];
  struct iovec small = {text, 1}, large = {text, sizeof text};
  struct cpg_name group = {.length = 12, .value = "dispatch one"};
  cpg_callbacks_t callbacks = {Deliver, NULL};
  cpg_handle_t handle;
  NEED(cpg_initialize(&handle, &callbacks));
  NEED(cpg_join(handle, &group));
  NEED(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &small, 1));
  while (delivered == 0) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
  NEED(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &large, 1));
  NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
  printf("CS_DISPATCH_ONE: CS_OK, callbacks: %d\n", delivered - 1);
  return delivered == 1;
}
