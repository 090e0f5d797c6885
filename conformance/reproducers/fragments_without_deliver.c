// A member without a deliver callback sends itself a message of two fragments.
#include <corosync/cpg.h>
#include <err.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEED(call) if ((call) != CS_OK) errx(2, "could not tell: " #call)
#pragma GCC diagnostic ignored "-Wunused-parameter"

static char text[2000000];
static int changes, status;
static void Change(cpg_handle_t handle, const struct cpg_name *group,
                   const struct cpg_address *members, size_t member_count,
                   const struct cpg_address *left, size_t left_count,
                   const struct cpg_address *joined, size_t joined_count) {
  ++changes;
}

int main(void) {
  struct iovec piece = {text, sizeof text};
  struct cpg_name group = {.length = 10, .value = "no deliver"};
  cpg_callbacks_t callbacks = {NULL, Change};
  cpg_handle_t handle;
  if (fork() == 0) {
    NEED(cpg_initialize(&handle, &callbacks));
    NEED(cpg_join(handle, &group));
    while (changes < 1) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
    NEED(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &piece, 1));
    NEED(cpg_leave(handle, &group));
    while (changes < 2) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
    return 0;
  }
  wait(&status);
  printf("cpg_dispatch ended with signal %d (0: none)\n", WTERMSIG(status));
  return WIFSIGNALED(status) ? 1 : WEXITSTATUS(status);
}
