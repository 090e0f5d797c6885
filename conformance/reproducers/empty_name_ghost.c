// A process joins the group with the empty name and ends. A member remains
// until corosync is started again.
#include <corosync/cpg.h>
#include <err.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEED(call) if ((call) != CS_OK) errx(2, "could not tell: " #call)

static struct cpg_name group = {.length = 0};

static int IsMember(cpg_handle_t handle, pid_t pid) {
  struct cpg_address members[CPG_MEMBERS_MAX];
  int found = 0, count = CPG_MEMBERS_MAX;
  NEED(cpg_membership_get(handle, &group, members, &count));
  for (int i = 0; i < count; ++i) found += members[i].pid == (uint32_t)pid;
  return found;
}

int main(void) {
  cpg_handle_t handle;
  pid_t child = fork();
  NEED(cpg_initialize(&handle, NULL));
  if (child == 0) {
    if (cpg_join(handle, &group) != CS_OK) return 0;  // refused
    while (!IsMember(handle, getpid())) continue;
    return 0;
  }
  wait(NULL);
  for (int i = 0; i < 30 && IsMember(handle, child); ++i)
    usleep(100000);  // sleep: the end of a process is announced a while later
  int ghost = IsMember(handle, child);
  printf("process %d has ended and is %s member\n", child, ghost ? "a" : "no");
  return ghost;
}
