// A member sends itself a zero copy message of 1 MiB, then a small message.
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
  struct iovec small = {"small", 5};
  struct cpg_name group = {.length = 9, .value = "zero copy"};
  struct cpg_name later = {.length = 5, .value = "later"};
  struct cpg_address members[CPG_MEMBERS_MAX];
  cpg_callbacks_t callbacks = {Deliver, NULL};
  cpg_handle_t handle, other;
  size_t size = 1048576;
  void *buffer;
  int owed = 1, count = 0;
  NEED(cpg_initialize(&handle, &callbacks));
  NEED(cpg_join(handle, &group));
  NEED(cpg_zcb_alloc(handle, size, &buffer));
  owed += cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED, buffer, size) == CS_OK;
  NEED(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &small, 1));
  NEED(cpg_initialize(&other, NULL));
  NEED(cpg_join(other, &later));  // after the messages
  for (int i = 0; i < 100 && delivered < owed; i += count > 0) {
    NEED(cpg_membership_get(handle, &later, members, &count));
    NEED(cpg_dispatch(handle, CS_DISPATCH_ALL));
  }
  printf("messages sent with CS_OK: %d, delivered: %d\n", owed, delivered);
  return delivered < owed || cpg_zcb_free(handle, buffer) != CS_OK;
}
