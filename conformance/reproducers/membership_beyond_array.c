// Two members; cpg_membership_get is told of an array for one.
#include <corosync/cpg.h>
#include <err.h>
#include <stdio.h>
#include <unistd.h>

#define NEED(call) if ((call) != CS_OK) errx(2, "could not tell: " #call)
#pragma GCC diagnostic ignored "-Wunused-parameter"

static size_t now;
static void Change(cpg_handle_t handle, const struct cpg_name *group,
                   const struct cpg_address *members, size_t member_count,
                   const struct cpg_address *left, size_t left_count,
                   const struct cpg_address *joined, size_t joined_count) {
  now = member_count;
}

int main(void) {
  struct cpg_name group = {.length = 11, .value = "two members"};
  struct cpg_address list[2] = {{0}};
  cpg_callbacks_t callbacks = {NULL, Change};
  cpg_handle_t handle;
  int size = 1, ends[2];
  if (pipe(ends) != 0) return 2;
  pid_t child = fork();
  NEED(cpg_initialize(&handle, &callbacks));
  NEED(cpg_join(handle, &group));
  close(ends[child == 0]);
  if (child == 0) return read(ends[0], list, 1) != 0;  // until the parent ends
  while (now < 2) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
  cpg_membership_get(handle, &group, list, &size);
  printf("cpg_membership_get wrote %d behind an array of 1\n", !!list[1].pid);
  return list[1].pid != 0;
}
