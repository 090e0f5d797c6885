#include "harness/client.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "harness/message.h"

namespace cpgcert::harness {
namespace {

using std::chrono::milliseconds;
using Kind = CallbackRecord::Kind;

constexpr milliseconds kFarAway{60'000};

// What the library below was called with, and what it does when dispatched.
struct Fake {
  int initializations = 0;
  int model_initializations = 0;
  std::vector<cpg_model_v1_data_t> models;  // one for each connection
  std::vector<std::string> groups;          // joined or left
  std::string message;
  int type = 0;
  cpg_handle_t handle = 0;
  int try_again = 0;  // so many calls are answered CS_ERR_TRY_AGAIN
  int descriptor = -1;
  std::function<void()> on_dispatch;
};
Fake fake;

constexpr cpg_handle_t kFirstHandle = 1000;

cs_error_t Answer() { return fake.try_again-- > 0 ? CS_ERR_TRY_AGAIN : CS_OK; }

cs_error_t Initialize(cpg_handle_t* handle, cpg_callbacks_t* callbacks) {
  ++fake.initializations;
  *handle = kFirstHandle + fake.models.size();
  cpg_model_v1_data_t data{};
  data.cpg_deliver_fn = callbacks->cpg_deliver_fn;
  data.cpg_confchg_fn = callbacks->cpg_confchg_fn;
  fake.models.push_back(data);
  return CS_OK;
}

cs_error_t ModelInitialize(cpg_handle_t* handle, cpg_model_t model,
                           cpg_model_data_t* data, void* /*context*/) {
  ++fake.model_initializations;
  *handle = kFirstHandle + fake.models.size();
  fake.models.push_back(*reinterpret_cast<cpg_model_v1_data_t*>(data));
  return model == CPG_MODEL_V1 ? CS_OK : CS_ERR_INVALID_PARAM;
}

cs_error_t NoteGroup(cpg_handle_t handle, const cpg_name* group) {
  fake.handle = handle;
  fake.groups.emplace_back(group->value, group->length);
  return Answer();
}

cs_error_t NoteMessage(cpg_handle_t /*handle*/, cpg_guarantee_t guarantee,
                       const iovec* parts, unsigned int count) {
  fake.message.clear();
  for (unsigned int i = 0; i < count; ++i) {
    fake.message.append(static_cast<const char*>(parts[i].iov_base),
                        parts[i].iov_len);
  }
  return guarantee == CPG_TYPE_AGREED ? Answer() : CS_ERR_INVALID_PARAM;
}

cs_error_t Dispatch(cpg_handle_t handle, cs_dispatch_flags_t type) {
  fake.handle = handle;
  fake.type = type;
  if (fake.on_dispatch) {
    fake.on_dispatch();
  }
  return CS_OK;
}

CpgApi FakeApi() {
  CpgApi api;
  api.initialize = Initialize;
  api.model_initialize = ModelInitialize;
  api.join = NoteGroup;
  api.leave = NoteGroup;
  api.mcast_joined = NoteMessage;
  api.dispatch = Dispatch;
  api.finalize = [](cpg_handle_t handle) {
    fake.handle = handle;
    return CS_OK;
  };
  api.local_get = [](cpg_handle_t, unsigned int*) { return Answer(); };
  api.fd_get = [](cpg_handle_t, int* descriptor) {
    *descriptor = fake.descriptor;
    return fake.descriptor >= 0 ? CS_OK : CS_ERR_LIBRARY;
  };
  return api;
}

void Deliver(size_t connection, const std::string& message,
             cpg_handle_t handle = kFirstHandle) {
  cpg_name group = MakeGroupName("group");
  std::string copy = message;
  fake.models.at(connection)
      .cpg_deliver_fn(handle, &group, 1, 2, copy.data(), copy.size());
}

class ClientTest : public testing::Test {
 protected:
  ClientTest() : api_(FakeApi()) { fake = Fake(); }

  CpgApi api_;
};

TEST_F(ClientTest, TheUsualCallbacksNeedNoModel) {
  Client client(api_, {});
  EXPECT_EQ(client.Initialize(), CS_OK);
  EXPECT_EQ(fake.initializations, 1);
  EXPECT_EQ(fake.model_initializations, 0);
  EXPECT_EQ(client.handle(), kFirstHandle);
  EXPECT_NE(fake.models.at(0).cpg_deliver_fn, nullptr);
  EXPECT_NE(fake.models.at(0).cpg_confchg_fn, nullptr);
}

TEST_F(ClientTest, ACallbackThatIsNotWantedIsNull) {
  Client none(api_, {.deliver = false, .configuration = false});
  EXPECT_EQ(none.Initialize(), CS_OK);
  EXPECT_EQ(fake.models.at(0).cpg_deliver_fn, nullptr);
  EXPECT_EQ(fake.models.at(0).cpg_confchg_fn, nullptr);
}

TEST_F(ClientTest, ATotemCallbackNeedsTheModel) {
  Client totem(api_, {.totem = true});
  EXPECT_EQ(totem.Initialize(), CS_OK);
  EXPECT_EQ(fake.model_initializations, 1);
  EXPECT_NE(fake.models.at(0).cpg_totem_confchg_fn, nullptr);
  EXPECT_EQ(fake.models.at(0).flags, 0U);
  Client initial(api_, {.initial_totem = true});
  EXPECT_EQ(initial.Initialize(), CS_OK);
  EXPECT_EQ(fake.models.at(1).cpg_totem_confchg_fn, nullptr);
  EXPECT_EQ(fake.models.at(1).flags,
            unsigned{CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF});
}

TEST_F(ClientTest, CallsCarryWhatTheyWereGiven) {
  Client client(api_, {});
  client.Initialize();
  EXPECT_EQ(client.Join("some group"), CS_OK);
  EXPECT_EQ(client.Leave("other group"), CS_OK);
  EXPECT_EQ(fake.groups,
            (std::vector<std::string>{"some group", "other group"}));
  EXPECT_EQ(client.Multicast("a\0b"), CS_OK);
  EXPECT_EQ(fake.message, std::string("a\0b"));
  EXPECT_EQ(client.Dispatch(CS_DISPATCH_ALL), CS_OK);
  EXPECT_EQ(fake.handle, kFirstHandle);
  EXPECT_EQ(fake.type, CS_DISPATCH_ALL);
  EXPECT_EQ(client.DispatchHandle(99, 7), CS_OK);
  EXPECT_EQ(fake.handle, 99U);
  EXPECT_EQ(fake.type, 7);  // no type of the header
  EXPECT_EQ(client.Finalize(), CS_OK);
  EXPECT_EQ(fake.handle, kFirstHandle);
}

TEST_F(ClientTest, CallsAreRetriedWhileTheServiceIsBusy) {
  Client client(api_, {});
  client.Initialize();
  fake.try_again = 3;
  EXPECT_EQ(client.Join("group"), CS_OK);
  EXPECT_EQ(fake.groups.size(), 4U);
  fake.try_again = 3;
  EXPECT_EQ(client.Multicast("m"), CS_OK);
  fake.try_again = 3;
  EXPECT_EQ(client.RoundTrip(), CS_OK);
}

TEST_F(ClientTest, ADeliveryIsRecordedWithAllItsArguments) {
  Client client(api_, {});
  client.Initialize();
  Deliver(0, MakeMessage("m1", 100), 4711);
  const std::vector<CallbackRecord> records = client.Records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].kind, Kind::kDeliver);
  EXPECT_EQ(records[0].handle, 4711U);
  EXPECT_EQ(records[0].group, "group");
  EXPECT_EQ(records[0].node_id, 1U);
  EXPECT_EQ(records[0].process, 2U);
  EXPECT_EQ(records[0].message, "m1");
  EXPECT_EQ(records[0].thread, std::this_thread::get_id());
  EXPECT_FALSE(records[0].inside_call);
}

TEST_F(ClientTest, AConfigurationIsRecordedWithItsLists) {
  Client client(api_, {});
  client.Initialize();
  const cpg_name group = MakeGroupName("group");
  const std::array<cpg_address, 3> list = {
      {{1, 10, CPG_REASON_JOIN}, {2, 20, CPG_REASON_LEAVE}, {3, 30, 9}}};
  fake.models.at(0).cpg_confchg_fn(7, &group, list.data(), 2, list.data() + 2,
                                   1, nullptr, 0);
  const CallbackRecord record = client.Records().at(0);
  EXPECT_EQ(record.kind, Kind::kConfiguration);
  EXPECT_EQ(record.handle, 7U);
  ASSERT_EQ(record.members.size(), 2U);
  EXPECT_EQ(record.members[1].pid, 20U);
  EXPECT_EQ(record.members[1].reason, unsigned{CPG_REASON_LEAVE});
  ASSERT_EQ(record.left.size(), 1U);
  EXPECT_EQ(record.left[0].nodeid, 3U);
  EXPECT_TRUE(record.joined.empty());
}

TEST_F(ClientTest, ATotemChangeIsRecordedWithItsMembers) {
  Client client(api_, {.totem = true});
  client.Initialize();
  const std::array<uint32_t, 2> members = {5, 6};
  fake.models.at(0).cpg_totem_confchg_fn(7, {}, 2, members.data());
  fake.models.at(0).cpg_totem_confchg_fn(7, {}, 0, nullptr);
  EXPECT_EQ(client.Records().at(0).ring_members, (std::vector<uint32_t>{5, 6}));
  EXPECT_EQ(client.Records().at(1).kind, Kind::kTotem);
  EXPECT_TRUE(client.Records().at(1).ring_members.empty());
}

TEST_F(ClientTest, HostileArgumentsAreRecordedNotFollowed) {
  Client client(api_, {});
  client.Initialize();
  const cpg_model_v1_data_t& data = fake.models.at(0);
  data.cpg_deliver_fn(1, nullptr, 0, 0, nullptr, 0);
  cpg_name endless = MakeGroupName(std::string(128, 'g'));
  endless.length = ~0U;
  data.cpg_deliver_fn(1, &endless, 0, 0, nullptr, 0);
  data.cpg_confchg_fn(1, nullptr, nullptr, 1000, nullptr, ~size_t{0}, nullptr,
                      1);
  const std::vector<CallbackRecord> records = client.Records();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].group, "(null)");
  EXPECT_EQ(records[0].message, "0 bytes that no case sent");
  EXPECT_EQ(records[1].group, std::string(128, 'g'));
  EXPECT_TRUE(records[2].members.empty());
  EXPECT_TRUE(records[2].left.empty());
  EXPECT_TRUE(records[2].joined.empty());
}

TEST_F(ClientTest, ACallbackInsideADispatchIsKnownToBeInside) {
  Client client(api_, {});
  client.Initialize();
  fake.on_dispatch = [] {
    Deliver(0, "inside");
    std::thread([] { Deliver(0, "beside"); }).join();
  };
  client.Dispatch(CS_DISPATCH_ONE);
  Deliver(0, "after");
  const std::vector<CallbackRecord> records = client.Records();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_TRUE(records[0].inside_call);
  EXPECT_FALSE(records[1].inside_call);  // in another thread
  EXPECT_NE(records[1].thread, std::this_thread::get_id());
  EXPECT_FALSE(records[2].inside_call);
}

TEST_F(ClientTest, ADispatchOfOneClientIsNotInsideThatOfAnother) {
  Client first(api_, {});
  Client second(api_, {});
  first.Initialize();
  second.Initialize();
  fake.on_dispatch = [&] {
    fake.on_dispatch = nullptr;
    Deliver(1, "for the second");
    second.Dispatch(CS_DISPATCH_ONE);  // nested
    Deliver(0, "for the first");
  };
  first.Dispatch(CS_DISPATCH_ONE);
  EXPECT_FALSE(second.Records().at(0).inside_call);
  EXPECT_TRUE(first.Records().at(0).inside_call);
  EXPECT_EQ(first.RecordCount(), 1U);
  EXPECT_EQ(second.RecordCount(), 1U);
}

TEST_F(ClientTest, EachOfTheManyClientsGetsItsOwnCallbacks) {
  for (int round = 0; round < 3; ++round) {
    fake = Fake();
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < Client::kClientsMax; ++i) {
      clients.push_back(std::make_unique<Client>(api_, CallbackSet()));
      EXPECT_EQ(clients.back()->Initialize(), CS_OK);
    }
    for (int i = 0; i < Client::kClientsMax; ++i) {
      Deliver(i, MakeMessage("m" + std::to_string(i)));
    }
    for (int i = 0; i < Client::kClientsMax; ++i) {
      ASSERT_EQ(clients[i]->RecordCount(), 1U);
      EXPECT_EQ(clients[i]->Records()[0].message, "m" + std::to_string(i));
    }
  }
}

TEST_F(ClientTest, ACallbackAfterTheClientsEndIsIgnored) {
  auto gone = std::make_unique<Client>(api_, CallbackSet());
  Client other(api_, {});
  gone->Initialize();
  other.Initialize();
  gone.reset();
  Deliver(0, "late");
  EXPECT_EQ(other.RecordCount(), 0U);
}

TEST_F(ClientTest, AnEventMayUseTheClientFromItsCallback) {
  Client client(api_, {});
  client.Initialize();
  size_t seen = 0;
  client.on_callback = [&](const CallbackRecord& record) {
    EXPECT_EQ(record.message, "m1");
    seen = client.RecordCount();  // the lock is not held
  };
  Deliver(0, MakeMessage("m1"));
  EXPECT_EQ(seen, 1U);
}

TEST_F(ClientTest, RecordsAreWaitedFor) {
  Client client(api_, {});
  client.Initialize();
  EXPECT_FALSE(client.WaitRecords(1, milliseconds(1)));
  EXPECT_TRUE(client.WaitRecords(0, milliseconds(0)));
  std::thread other([] {
    for (int i = 0; i < 100; ++i) {
      Deliver(0, "event");
    }
  });
  EXPECT_TRUE(client.WaitRecords(100, kFarAway));
  other.join();
  EXPECT_EQ(client.RecordCount(), 100U);
}

TEST_F(ClientTest, ReadabilityIsThatOfTheDescriptor) {
  Client client(api_, {});
  client.Initialize();
  EXPECT_FALSE(client.WaitReadable(kFarAway));  // there is no descriptor
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  fake.descriptor = ends[0];
  EXPECT_FALSE(client.WaitReadable(milliseconds(0)));
  EXPECT_FALSE(client.WaitReadable(milliseconds(5)));
  std::thread writer([&] { (void)!write(ends[1], "w", 1); });
  EXPECT_TRUE(client.WaitReadable(kFarAway));
  EXPECT_TRUE(client.WaitReadable(milliseconds(0)));
  writer.join();
  close(ends[0]);
  close(ends[1]);
}

TEST(RetryWhileTryAgainTest, OnlyTryAgainIsRetried) {
  for (const cs_error_t end : {CS_OK, CS_ERR_LIBRARY, CS_ERR_QUEUE_FULL}) {
    int calls = 0;
    EXPECT_EQ(
        RetryWhileTryAgain([&] { return ++calls < 5 ? CS_ERR_TRY_AGAIN : end; },
                           kFarAway),
        end);
    EXPECT_EQ(calls, 5);
  }
}

TEST(RetryWhileTryAgainTest, TheDeadlineEndsIt) {
  int calls = 0;
  EXPECT_EQ(RetryWhileTryAgain(
                [&] {
                  ++calls;
                  return CS_ERR_TRY_AGAIN;
                },
                milliseconds(5)),
            CS_ERR_TRY_AGAIN);
  EXPECT_GE(calls, 1);
}

TEST(MakeGroupNameTest, ANameHasItsLengthAndItsBytes) {
  for (const size_t size : {0, 1, 127, 128}) {
    const std::string name(size, 'n');
    const cpg_name group = MakeGroupName(name);
    EXPECT_EQ(group.length, size);
    EXPECT_EQ(std::string(group.value, group.length), name);
  }
  EXPECT_EQ(MakeGroupName(std::string(200, 'n')).length, 128U);
  EXPECT_EQ(MakeGroupName(std::string("a\0b", 3)).length, 3U);
}

TEST(ReasonNameTest, AReasonHasTheNameOfTheHeader) {
  EXPECT_EQ(ReasonName(CPG_REASON_UNDEFINED), "UNDEFINED");
  EXPECT_EQ(ReasonName(CPG_REASON_JOIN), "JOIN");
  EXPECT_EQ(ReasonName(CPG_REASON_LEAVE), "LEAVE");
  EXPECT_EQ(ReasonName(CPG_REASON_NODEDOWN), "NODEDOWN");
  EXPECT_EQ(ReasonName(CPG_REASON_NODEUP), "NODEUP");
  EXPECT_EQ(ReasonName(CPG_REASON_PROCDOWN), "PROCDOWN");
  EXPECT_EQ(ReasonName(9), "reason 9");
}

}  // namespace
}  // namespace cpgcert::harness
