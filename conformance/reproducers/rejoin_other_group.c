// A process leaves its group and joins another one on the same handle.
#include <corosync/cpg.h>
#include <err.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

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
  struct cpg_name group = {.length = 5, .value = "first"};
  struct cpg_name other = {.length = 6, .value = "second"};
  cpg_callbacks_t callbacks = {NULL, Change};
  cpg_handle_t handle;
  int status = 0;
  if (fork() == 0) {
    NEED(cpg_initialize(&handle, &callbacks));
    NEED(cpg_join(handle, &group));
    NEED(cpg_leave(handle, &group));
    while (changes < 2) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
    alarm(3);  // ends a call that does not return
    return cpg_join(handle, &other) == CS_ERR_TRY_AGAIN;
  }
  wait(&status);
  printf("cpg_join %s\n", WIFSIGNALED(status) ? "hangs" : "returns");
  return WIFSIGNALED(status) ? 1 : WEXITSTATUS(status);
}
