#include "harness/service_control.h"

#include <qb/qbipcc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "gtest/gtest.h"
#include "harness/inside_worker.h"
#include "harness/process_tree.h"

namespace cpgcert::harness {
namespace {

// 0, or the errno of a connection to "cpg".
int ConnectError() {
  qb_ipcc_connection_t* connection = qb_ipcc_connect("cpg", 1 << 20);
  if (connection == nullptr) {
    return errno;
  }
  qb_ipcc_disconnect(connection);
  return 0;
}

TEST(ServiceControlTest, AStoppedServiceHasStoppedAndResumes) {
  InsideWithService([](Corosync* service) {
    const ServiceControl control(service->pid());
    EXPECT_TRUE(control.allowed());
    for (int i = 0; i < 20; ++i) {
      ASSERT_EQ(control.Stop(), "");
      const ThreadCounts stopped = CountThreads(service->pid());
      ASSERT_GT(stopped.all, 1);
      ASSERT_EQ(stopped.stopped, stopped.all);
      ASSERT_EQ(control.Resume(), "");
      ASSERT_EQ(CountThreads(service->pid()).stopped, 0);
      ASSERT_EQ(ConnectError(), 0);
    }
  });
}

TEST(ServiceControlTest, StoppingOrResumingTwiceIsNoError) {
  InsideWithService([](Corosync* service) {
    const ServiceControl control(service->pid());
    EXPECT_EQ(control.Resume(), "");
    EXPECT_EQ(control.Stop(), "");
    EXPECT_EQ(control.Stop(), "");
    EXPECT_EQ(control.Resume(), "");
    EXPECT_EQ(control.Resume(), "");
    EXPECT_EQ(ConnectError(), 0);
  });
}

TEST(ServiceControlTest, AKilledServiceHasEnded) {
  InsideWithService([](Corosync* service) {
    const ServiceControl control(service->pid());
    EXPECT_EQ(control.Stop(), "");  // a stopped one as well
    EXPECT_EQ(control.Kill(), "");
    EXPECT_FALSE(service->Alive());
    EXPECT_EQ(ConnectError(), ECONNREFUSED);
  });
}

TEST(ServiceControlTest, AServiceThatHasEndedIsAnError) {
  const pid_t gone = fork();
  if (gone == 0) {
    _exit(0);
  }
  ASSERT_EQ(waitpid(gone, nullptr, 0), gone);
  const ServiceControl control(gone);
  EXPECT_EQ(control.Kill(), "cannot kill the service: No such process");
  EXPECT_EQ(control.Stop(), "cannot signal the service: No such process");
  EXPECT_EQ(control.Resume(), "cannot signal the service: No such process");
}

TEST(ServiceControlTest, AServiceThatEndedWhileItWasStoppedIsAnError) {
  const pid_t zombie = fork();
  if (zombie == 0) {
    _exit(0);
  }
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, zombie, &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(ServiceControl(zombie).Stop(), "the service has ended");
  EXPECT_EQ(ServiceControl(zombie).Resume(), "the service has ended");
  waitpid(zombie, nullptr, 0);
}

TEST(ServiceControlTest, AServiceOfOthersIsNotTouched) {
  // In a process group of its own, which is what kill(0, ...) would reach.
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    const ServiceControl none;
    const std::string refused = "the service is not ours to disturb";
    const bool right = !none.allowed() && none.Stop() == refused &&
                       none.Resume() == refused && none.Kill() == refused &&
                       ServiceControl(-1).Kill() == refused;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
  EXPECT_EQ(status, 0) << DescribeEnd(status);
  kill(child, SIGKILL);
}

}  // namespace
}  // namespace cpgcert::harness
