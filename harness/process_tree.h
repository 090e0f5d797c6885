// Looking at other processes, and ending what a run left behind.
//
// Source: proc(5), /proc/[pid]/task.

#ifndef CPGCERT_HARNESS_PROCESS_TREE_H_
#define CPGCERT_HARNESS_PROCESS_TREE_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace cpgcert::harness {

// What each thread of `process` is doing, a line each: its name, state, and
// the system call in which it sleeps. Empty if there is no such process.
std::string DescribeThreads(pid_t process);

// How a process ended, from the status of wait(2): "exited with status 0",
// "killed by signal 11 (SIGSEGV)".
std::string DescribeEnd(int status);

struct ThreadCounts {
  int all = 0;
  int stopped = 0;  // by a signal
};

// The threads of `process`; zero if there is no such process.
ThreadCounts CountThreads(pid_t process);

// The children of the calling thread, those that it inherited included.
// REQUIRES: no other thread of the process has forked.
std::vector<pid_t> Children();

// SIGKILLs and reaps all children of the calling process except `keep`, and
// then those that it inherits by that if it is a subreaper. Returns how many
// were alive. Gives up on a process that forks faster than it is killed after
// a bounded number of rounds.
int KillChildrenExcept(const std::vector<pid_t>& keep);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_PROCESS_TREE_H_
