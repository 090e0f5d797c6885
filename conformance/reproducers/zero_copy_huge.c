// Asks for a buffer that is larger than any memory.
#include <corosync/cpg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  int status = 0;
  cpg_handle_t handle;
  void *buffer = NULL;
  if (fork() == 0) {
    if (cpg_initialize(&handle, NULL) != CS_OK) return 2;
    return cpg_zcb_alloc(handle, SIZE_MAX / 2, &buffer) == CS_OK;
  }
  wait(&status);
  printf("cpg_zcb_alloc ended with signal %d (0: none)\n", WTERMSIG(status));
  return WIFSIGNALED(status) ? 1 : WEXITSTATUS(status);
}
