// corosync (its process id is the argument) dies while it is asked for the
// next item of an iteration.
#include <corosync/cpg.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEED(call) if ((call) != CS_OK) errx(2, "could not tell: " #call)

int main(int count, char **arguments) {
  pid_t daemon = count == 2 ? atoi(arguments[1]) : 0;
  struct cpg_iteration_description_t item;
  cpg_iteration_handle_t iteration;
  cpg_handle_t handle;
  int status = 0;
  if (daemon < 2) errx(2, "needs the process id of corosync, which it kills");
  pid_t child = fork();
  if (child == 0) {
    NEED(cpg_initialize(&handle, NULL));
    NEED(cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL, &iteration));
    if (kill(daemon, SIGSTOP) != 0) return 2;
    alarm(10);  // ends a call that does not return
    return cpg_iteration_next(iteration, &item) == CS_OK ? 2 : 0;
  }
  sleep(2);  // sleep: until the call waits for its reply
  kill(daemon, SIGKILL);
  waitpid(child, &status, 0);
  printf("cpg_iteration_next %s\n", WIFSIGNALED(status) ? "hangs" : "returns");
  return WIFSIGNALED(status) ? 1 : WEXITSTATUS(status);
}
