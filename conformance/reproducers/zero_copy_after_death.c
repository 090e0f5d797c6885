// corosync (its process id is the argument) is killed; then a buffer for zero
// copy is asked for.
#include <corosync/cpg.h>
#include <dirent.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEED(call) if ((call) != CS_OK) errx(2, "could not tell: " #call)

static int Files(void) {
  int found = 0;
  DIR *directory = opendir("/dev/shm");
  if (directory == NULL) errx(2, "could not tell: opendir");
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    found += strncmp(entry->d_name, "corosync_zerocopy", 17) == 0;
  closedir(directory);
  return found;
}

int main(int count, char **arguments) {
  pid_t daemon = count == 2 ? atoi(arguments[1]) : 0;
  cpg_handle_t handle;
  void *buffer;
  if (daemon < 2) errx(2, "needs the process id of corosync, which it kills");
  NEED(cpg_initialize(&handle, NULL));
  if (kill(daemon, SIGKILL) != 0) return 2;
  while (cpg_dispatch(handle, CS_DISPATCH_ALL) == CS_OK) continue;
  int before = Files();
  cs_error_t error = cpg_zcb_alloc(handle, 4096, &buffer);
  int leaked = Files() - before;
  printf("cpg_zcb_alloc: error %d; files left: %d\n", error, leaked);
  return error == CS_OK ? 2 : leaked > 0;
}
