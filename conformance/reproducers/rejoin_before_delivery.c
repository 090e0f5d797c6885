// A process joins, finalizes, joins at once again, all behind large messages.
#include <corosync/cpg.h>
#include <err.h>
#include <stdio.h>

static cs_error_t error;
#define NEED(call) while ((error = (call)) != CS_OK) \
  if (error != CS_ERR_TRY_AGAIN) errx(2, "could not tell: " #call)
#pragma GCC diagnostic ignored "-Wunused-parameter"
static int changes, delivered, left_after;
static void Change(cpg_handle_t handle, const struct cpg_name *group,
                   const struct cpg_address *members, size_t member_count,
                   const struct cpg_address *left, size_t left_count,
                   const struct cpg_address *joined, size_t joined_count) {
  left_after += changes++ > 0 && left_count > 0;
}
static void Deliver(cpg_handle_t handle, const struct cpg_name *group,
                    uint32_t node, uint32_t pid, void *message, size_t size) {
  ++delivered;
}
int main(void) {
  static char text[100000];
  struct iovec large = {text, sizeof text}, small = {text, 1};
  struct cpg_name group = {.length = 1, .value = "0"};
  cpg_callbacks_t callbacks = {Deliver, Change};
  cpg_handle_t sender, first, second;
  NEED(cpg_initialize(&sender, NULL));
  NEED(cpg_join(sender, &group));
  for (int i = 0; i < 200 && !left_after; ++i) {
    for (int sent = changes = delivered = 0; sent < 20; ++sent)
      cpg_mcast_joined(sender, CPG_TYPE_AGREED, &large, 1);
    ++group.value[0];
    NEED(cpg_initialize(&first, NULL));
    NEED(cpg_initialize(&second, &callbacks));
    NEED(cpg_join(first, &group));
    NEED(cpg_finalize(first));
    NEED(cpg_join(second, &group));
    NEED(cpg_mcast_joined(second, CPG_TYPE_AGREED, &small, 1));
    while (!delivered) NEED(cpg_dispatch(second, CS_DISPATCH_ONE));
    NEED(cpg_dispatch(sender, CS_DISPATCH_ALL));
    NEED(cpg_finalize(second));
  }
  printf("told to have left after the join: %d\n", left_after);
  return left_after > 0;
}
