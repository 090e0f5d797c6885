// A process leaves its group and joins it again on a new connection.
#include <corosync/cpg.h>
#include <err.h>
#include <stdio.h>

#define NEED(call) if ((call) != CS_OK) errx(2, "could not tell: " #call)
#pragma GCC diagnostic ignored "-Wunused-parameter"

static int changes;
static void Change(cpg_handle_t handle, const struct cpg_name *group,
                   const struct cpg_address *members, size_t member_count,
                   const struct cpg_address *left, size_t left_count,
                   const struct cpg_address *joined, size_t joined_count) {
  ++changes;
}

int main(void) {
  struct cpg_name group = {.length = 6, .value = "rejoin"};
  cpg_callbacks_t callbacks = {NULL, Change};
  cpg_handle_t first, second;
  NEED(cpg_initialize(&first, &callbacks));
  NEED(cpg_initialize(&second, &callbacks));
  NEED(cpg_join(first, &group));
  NEED(cpg_leave(first, &group));
  while (changes < 2) NEED(cpg_dispatch(first, CS_DISPATCH_ONE));
  cs_error_t error = cpg_join(second, &group);
  printf("cpg_join on a second connection: error %d (1: CS_OK)\n", error);
  return error != CS_OK;
}
