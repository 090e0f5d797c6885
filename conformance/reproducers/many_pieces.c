// A member sends itself a message of 100 pieces, one byte in each.
#include <corosync/cpg.h>
#include <err.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEED(call) if ((call) != CS_OK) errx(2, "could not tell: " #call)
#pragma GCC diagnostic ignored "-Wunused-parameter"

static size_t delivered;
static void Deliver(cpg_handle_t handle, const struct cpg_name *group,
                    uint32_t node, uint32_t pid, void *message, size_t size) {
  delivered = size;
}

int main(void) {
  int status = 0;
  struct iovec pieces[100];
  for (int i = 0; i < 100; ++i) pieces[i] = (struct iovec){"x", 1};
  struct cpg_name group = {.length = 11, .value = "many pieces"};
  cpg_callbacks_t callbacks = {Deliver, NULL};
  cpg_handle_t handle;
  if (fork() == 0) {
    NEED(cpg_initialize(&handle, &callbacks));
    NEED(cpg_join(handle, &group));
    if (cpg_mcast_joined(handle, CPG_TYPE_AGREED, pieces, 100) != CS_OK)
      return 0;  // a clear error
    while (delivered == 0) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
    return delivered != 100;
  }
  wait(&status);
  printf("cpg_mcast_joined ended with signal %d (0: none)\n", WTERMSIG(status));
  return WIFSIGNALED(status) ? 1 : WEXITSTATUS(status);
}
