// Asks for a connection where no descriptor is left.
#include <corosync/cpg.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void) {
  struct rlimit limit;
  cpg_handle_t handle;
  if (open("/dev/null", O_RDONLY) < 0 || fcntl(0, F_GETFD) == -1) return 2;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 2;
  limit.rlim_cur = 3;  // standard input, output and error
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 2;
  cs_error_t error = cpg_initialize(&handle, NULL);
  int closed = fcntl(0, F_GETFD) == -1;
  printf("cpg_initialize: error %d; descriptor 0 is %s\n", error,
         closed ? "closed" : "open");
  return closed;
}
