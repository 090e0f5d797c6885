// A member iterates over all members to the end, and asks for one more.
#include <corosync/cpg.h>
#include <err.h>
#include <stdio.h>

#define NEED(call) if ((call) != CS_OK) errx(2, "could not tell: " #call)

int main(void) {
  struct cpg_name group = {.length = 9, .value = "iteration"};
  struct cpg_iteration_description_t item;
  cpg_iteration_handle_t iteration;
  cpg_handle_t handle;
  cs_error_t error;
  struct cpg_address members[CPG_MEMBERS_MAX];
  int calls = 1, count = 0;
  NEED(cpg_initialize(&handle, NULL));
  NEED(cpg_join(handle, &group));
  while (count == 0)
    NEED(cpg_membership_get(handle, &group, members, &count));
  NEED(cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL, &iteration));
  while ((error = cpg_iteration_next(iteration, &item)) == CS_OK) ++calls;
  printf("cpg_iteration_next: call %d: error %d (27: the end)", calls, error);
  if (error != CS_ERR_NO_SECTIONS) return 2;
  error = cpg_iteration_next(iteration, &item);
  printf("; once more: error %d (1: CS_OK)\n", error);
  return error == CS_OK;
}
