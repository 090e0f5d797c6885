// Two threads initialize at once, first thing in their process, and each uses
// its handle; again in a new process, until something is wrong.
#include <corosync/cpg.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_barrier_t barrier;
static cs_error_t errors[2];
static cpg_handle_t handles[2];

static void *Initialize(void *index) {
  int i = index != NULL;
  pthread_barrier_wait(&barrier);
  errors[i] = cpg_initialize(&handles[i], NULL);
  return NULL;
}

int main(void) {
  int status = 0, tries = 0;
  pthread_t thread;
  unsigned int node;
  pthread_barrier_init(&barrier, NULL, 2);
  for (; tries < 2000 && status == 0; ++tries) {
    if (fork() == 0) {
      if (pthread_create(&thread, NULL, Initialize, &barrier) != 0) return 2;
      Initialize(NULL);
      if (pthread_join(thread, NULL) != 0) return 2;
      for (int i = 0; i < 2; ++i)
        if (errors[i] == CS_OK) errors[i] = cpg_local_get(handles[i], &node);
      return errors[0] != CS_OK || errors[1] != CS_OK;
    }
    wait(&status);
  }
  printf("process %d ended with wait status %x (0: good)\n", tries, status);
  return WIFSIGNALED(status) ? 1 : WEXITSTATUS(status);
}
