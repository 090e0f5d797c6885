// 130 processes join a group; then one of them ends.
#include <corosync/cpg.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define NEED(call) if ((call) != CS_OK) errx(2, "could not tell: " #call)
#pragma GCC diagnostic ignored "-Wunused-parameter"

static size_t now, left_before, wrong;
static void Change(cpg_handle_t handle, const struct cpg_name *group,
                   const struct cpg_address *members, size_t member_count,
                   const struct cpg_address *left, size_t left_count,
                   const struct cpg_address *joined, size_t joined_count) {
  now = member_count;
  left_before += left_count;
  for (size_t i = 0; left_count == 1 && i < member_count; ++i)
    wrong += members[i].pid == left[0].pid;
}
static void Failed(int number) { _exit(2); }

int main(void) {
  struct cpg_name group = {.length = 12, .value = "many members"};
  cpg_callbacks_t callbacks = {NULL, Change};
  cpg_handle_t handle;
  pid_t child = 1;
  int ends[2], i = 1;
  if (pipe(ends) != 0) return 2;
  signal(SIGCHLD, Failed);  // a child that could not join
  for (; i < 130 && child != 0; ++i) child = fork();
  close(ends[child == 0]);
  NEED(cpg_initialize(&handle, child == 0 ? NULL : &callbacks));
  NEED(cpg_join(handle, &group));
  if (child == 0) return read(ends[0], &i, 1) != 0;  // until the parent ends
  while (now < 130) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
  signal(SIGCHLD, SIG_DFL);
  kill(child, SIGKILL);
  while (left_before == 0) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
  printf("of %zu members %zu have left\n", now, wrong);
  return wrong > 0;
}
