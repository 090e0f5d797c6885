// A process leaves its group; then another one joins that group.
#include <corosync/cpg.h>
#include <err.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEED(call) if ((call) != CS_OK) errx(2, "could not tell: " #call)
#pragma GCC diagnostic ignored "-Wunused-parameter"

static unsigned int changes, node;
static void Change(cpg_handle_t handle, const struct cpg_name *group,
                   const struct cpg_address *members, size_t member_count,
                   const struct cpg_address *left, size_t left_count,
                   const struct cpg_address *joined, size_t joined_count) {
  ++changes;
}

int main(void) {
  struct cpg_name group = {.length = 5, .value = "leave"};
  cpg_callbacks_t callbacks = {NULL, Change};
  cpg_handle_t handle, other;
  NEED(cpg_initialize(&handle, &callbacks));
  NEED(cpg_join(handle, &group));
  NEED(cpg_leave(handle, &group));
  while (changes < 2) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
  if (fork() == 0) {
    NEED(cpg_initialize(&other, NULL));
    NEED(cpg_join(other, &group));
    return cpg_leave(other, &group) != CS_OK;  // once the join is through
  }
  wait(NULL);
  NEED(cpg_local_get(handle, &node));  // what came before this has been sent
  NEED(cpg_dispatch(handle, CS_DISPATCH_ALL));
  printf("configuration changes after the own leave: %u\n", changes - 2);
  return changes > 2;
}
