// Every kind of broken history, with the text that names the contradiction.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "conformance/history/model.h"
#include "gtest/gtest.h"

namespace cpgcert::conformance::history {
namespace {

constexpr size_t kLarge = kAtomicSizeMax + 1;

struct Broken {
  const char* name;
  // On a group of four in which m1 sent a-0 and a-1 and m2 b-0 between them;
  // then m3 was killed, and m1 sent a-2.
  std::function<void(Model* model)> damage;
  const char* text;
};

const std::vector<Broken>& MessageFaults() {
  static const std::vector<Broken> faults = {
      {"OrderDiffers",
       [](Model* model) { SwapWithNext(model, "m2", Message("a-0")); },
       "ORD-01: owed one order at all members; came: m2 was given message b-0 "
       "before message a-0, m0 was given message a-0 first, after 2 events "
       "alike, the last of them the change that m3 joined"},
      {"Lost", [](Model* model) { Remove(model, "m2", Message("b-0")); },
       "MCAST-01: owed each message at every member; came: m2 was never given "
       "message b-0; m0 was given it, and then message a-1, which m2 was given "
       "too, after 3 events alike, the last of them message a-0"},
      {"LostAtTheWitness",
       [](Model* model) { Remove(model, "m0", Message("a-0")); },
       "MCAST-01: owed each message at every member; came: m0 was never given "
       "message a-0; m3 was given it, and then message b-0, which m0 was given "
       "too, after 1 event alike, the last of them the change that m3 joined"},
      {"Doubled",
       [](Model* model) {
         Given(model, "m1", Message("a-1")) =
             Given(model, "m1", Message("a-0"));
       },
       "MCAST-01: owed each message once; came: m1 was given message a-0 "
       "twice"},
      {"Altered",
       [](Model* model) {
         Given(model, "m2", Message("a-1")).message =
             "a-1 altered at byte 3 of 10";
       },
       "MCAST-01: owed each message unchanged; came: m2 was given a-1 altered "
       "at byte 3 of 10"},
      {"FragmentsMixed",
       [](Model* model) {
         Given(model, "m2", Message("b-0")).message =
             "b-0 altered at byte 9 of 1047553";
       },
       "PART-03: owed each message unchanged; came: m2 was given b-0 altered "
       "at byte 9 of 1047553"},
      {"SentByNobody",
       [](Model* model) {
         Given(model, "m2", Message("a-1")).message =
             "8 bytes that no case sent";
       },
       "MCAST-01: owed messages that a member sent; came: m2 was given a "
       "message that nobody sent: 8 bytes that no case sent"},
      {"OfAnotherSender",
       [](Model* model) {
         Given(model, "m2", Message("a-1")).sender = AddressOf("m2");
       },
       "MCAST-01: owed the sender's node and process id; came: m2 was given "
       "message a-1 of m1 as one of m2"},
      {"OfAnotherGroup",
       [](Model* model) { Given(model, "m2", Message("a-1")).group = "other"; },
       "CONF-06: owed events of its group, group; came: m2 was given message "
       "a-1 of group other"},
  };
  return faults;
}

const std::vector<Broken>& FateFaults() {
  static const std::vector<Broken> faults = {
      {"NotInTheOrderOfSending",
       [](Model* model) {
         AtAll(model, Message("a-0"),
               [](Event& event) { event.message = "?"; });
         AtAll(model, Message("a-1"),
               [](Event& event) { event.message = "a-0"; });
         AtAll(model, Message("?"),
               [](Event& event) { event.message = "a-1"; });
       },
       "MCAST-02: owed the messages of a sender in the order of sending; came: "
       "m1 sent a-0 before a-1; m0 was given a-1 before a-0"},
      {"AcceptedAndGivenToNobody",
       [](Model* model) { RemoveAtAll(model, Message("a-1")); },
       "MCAST-01: owed each message at every member; came: a-1 was given to "
       "nobody, though cpg_mcast_joined of m1 answered CS_OK; a-2, which it "
       "sent later, was given to m0"},
      {"BeforeTheJoinOfItsSender",
       [](Model* model) {
         model->Join("m4");
         model->Send("m4", "d-0");
         SwapWithNext(model, "m2", Joined("m4"));
       },
       "ORD-02: owed a sender's messages between its join and its departure; "
       "came: m2 was given message d-0 before the join of m4"},
      {"AfterTheDepartureOfItsSender",
       [](Model* model) {
         model->Call("m3", "c-0", CS_OK);
         model->Give("m3", "c-0");
       },
       "ORD-02: owed a sender's messages between its join and its departure; "
       "came: m2 was given message c-0 after the departure of m3"},
      {"BeforeTheOwnJoin",
       [](Model* model) {
         model->Join("m4");
         auto& events = model->session("m4").events;
         events.insert(events.begin() + 1, Given(model, "m1", Message("a-0")));
       },
       "JOIN-10: owed nothing from before the own join; came: m4 was given "
       "message a-0 before its own join"},
  };
  return faults;
}

const std::vector<Broken>& EndFaults() {
  static const std::vector<Broken> faults = {
      {"DiedBetweenFragmentsAndGivenToSome",
       [](Model* model) {
         model->Join("m4");
         model->CallWithoutReturn("m4", "d-0", kLarge);
         model->StopRecording("m4");
         model->Give("m4", "d-0");
         model->Kill("m4");
         Remove(model, "m1", Message("d-0"));
       },
       "PART-04: owed a message whose sender died between its fragments at "
       "nobody, or at all members; came: m1 was never given message d-0; m0 "
       "was given it, and then the change that m4 left (PROCDOWN), which m1 "
       "was given too, after 9 events alike, the last of them the change that "
       "m4 joined"},
      {"JoinedBetweenFragments",
       [](Model* model) {
         model->Call("m2", "b-1", CS_OK, kLarge);
         model->Join("m4");
         model->Give("m2", "b-1");
         model->Send("m1", "a-3");
         Remove(model, "m4", Message("b-1"));
       },
       "JOIN-10: owed the messages that are ordered after the own join; came: "
       "m4 was never given message b-1; m0 was given it, and then message a-3, "
       "which m4 was given too, after 1 event alike, the last of them the "
       "change that m4 joined"},
      {"LostBeforeALeave",
       [](Model* model) {
         model->Send("m1", "a-3");
         model->Call("m1", "a-4", CS_OK);
         model->Leave("m1");
       },
       "MCAST-01: owed each message at every member; came: a-4 was given to "
       "nobody, though cpg_mcast_joined of m1 answered CS_OK before it left"},
  };
  return faults;
}

const std::vector<Broken>& ChangeFaults() {
  static const std::vector<Broken> faults = {
      {"Lost", [](Model* model) { Remove(model, "m2", Left("m3")); },
       "CONF-06: owed the changes of all others at every member; came: m2 was "
       "never given the change that m3 left (PROCDOWN); m0 was given it, and "
       "then message a-2, which m2 was given too, after 5 events alike, the "
       "last of them message a-1"},
      {"JoinLostAtTheWitness",
       [](Model* model) {
         *model = Model();
         model->Join("m0");
         model->Join("m1");
         model->End();
         Remove(model, "m0", Joined("m1"));
       },
       "CONF-06: owed the changes of all others at every member; came: m0 was "
       "never given the change that m1 joined, which m1 was given"},
      {"MovedAcrossAMessage",
       [](Model* model) { SwapWithNext(model, "m2", Left("m3")); },
       "ORD-01: owed one order at all members; came: m2 was given message a-2 "
       "before the change that m3 left (PROCDOWN), m0 was given the change "
       "that m3 left (PROCDOWN) first, after 5 events alike, the last of them "
       "message a-1"},
      {"OrderDiffers",
       [](Model* model) {
         model->Join("m4");
         model->Join("m5");
         SwapWithNext(model, "m2", Joined("m4"));
         std::swap(Given(model, "m2", Joined("m4")).members,
                   Given(model, "m2", Joined("m5")).members);
         Given(model, "m2", Joined("m5")).members.back().address =
             AddressOf("m5");
       },
       "ORD-01: owed one order at all members; came: m2 was given the change "
       "that m5 joined before the change that m4 joined, m0 was given the "
       "change that m4 joined first, after 7 events alike, the last of them "
       "message a-2"},
  };
  return faults;
}

const std::vector<Broken>& ListFaults() {
  static const std::vector<Broken> faults = {
      {"WithoutTheJoinedAsAMember",
       [](Model* model) {
         model->Join("m4");
         Given(model, "m2", Joined("m4")).members.pop_back();
       },
       "CONF-02: owed a member list with all that joined; came: m2 was given "
       "the change that m4 joined, which lists m4 as joined and not as a "
       "member"},
      {"WithTheLeftAsAMember",
       [](Model* model) {
         Given(model, "m2", Left("m3"))
             .members.push_back({.address = AddressOf("m3")});
       },
       "CONF-02: owed a member list without those that left; came: m2 was "
       "given the change that m3 left (PROCDOWN), which lists m3 as left and "
       "as a member"},
      {"AMemberTwice",
       [](Model* model) {
         Given(model, "m2", Left("m3"))
             .members.push_back({.address = AddressOf("m1")});
       },
       "CONF-02: owed nobody twice in a list; came: m2 was given the change "
       "that m3 left (PROCDOWN), which lists m1 twice as members"},
      {"AMemberMissing",
       [](Model* model) { Given(model, "m2", Left("m3")).members.pop_back(); },
       "CONF-03: owed the member list before, without the left, with the "
       "joined; came: m2 was given the change that m3 left (PROCDOWN), which "
       "lacks a member, m2, that did not leave"},
      {"AMemberThatDidNotJoin",
       [](Model* model) {
         model->Join("m4");
         Given(model, "m2", Left("m3"))
             .members.push_back({.address = AddressOf("m4")});
       },
       "CONF-03: owed the member list before, without the left, with the "
       "joined; came: m2 was given the change that m3 left (PROCDOWN), which "
       "has a new member, m4, that did not join"},
      {"AMemberMissingInTheFirst",
       [](Model* model) {
         Event& change = Given(model, "m2", Joined("m2"));
         change.members.erase(change.members.begin());
       },
       "CONF-02: owed one member list at all members; came: m2 and m0 were "
       "given different member lists with the change that m2 joined"},
      {"JoinedTwice",
       [](Model* model) {
         Event& change = Given(model, "m2", Left("m3"));
         change.joined = EntriesOf({"m1"}, CPG_REASON_JOIN);
       },
       "CONF-03: owed one join before each departure; came: m2 was given the "
       "change that m3 left (PROCDOWN), m1 joined, which is about a process "
       "that was a member: m1"},
  };
  return faults;
}

const std::vector<Broken>& EntryFaults() {
  static const std::vector<Broken> faults = {
      {"ReasonOfTheJoined",
       [](Model* model) {
         Given(model, "m1", Joined("m2")).joined[0].reason = CPG_REASON_NODEUP;
       },
       "CONF-01: owed reason JOIN in that list; came: m1 was given the change "
       "that m2 joined, which lists m2 as joined with reason NODEUP"},
      {"ReasonOfAMember",
       [](Model* model) {
         Given(model, "m1", Joined("m2")).members[0].reason = CPG_REASON_JOIN;
       },
       "CONF-01: owed reason UNDEFINED in that list; came: m1 was given the "
       "change that m2 joined, which lists m0 as a member with reason JOIN"},
      {"AStranger",
       [](Model* model) {
         Given(model, "m2", Left("m3")).left[0].address.process = 4711;
       },
       "CONF-01: owed the names of those that joined and left; came: m2 was "
       "given the change that process 4711 of node 1 left (PROCDOWN), which "
       "lists as left a stranger to the group: process 4711 of node 1"},
  };
  return faults;
}

const std::vector<Broken>& DepartureFaults() {
  static const std::vector<Broken> faults = {
      {"LeaveForAKilledProcess",
       [](Model* model) {
         AtAll(model, Left("m3"),
               [](Event& event) { event.left[0].reason = CPG_REASON_LEAVE; });
       },
       "CONF-05: owed reason PROCDOWN for a process that ended without a "
       "leave; came: m3 ended without a leave, and m0 was given LEAVE as the "
       "reason"},
      {"ReasonDiffers",
       [](Model* model) {
         Given(model, "m2", Left("m3")).left[0].reason = CPG_REASON_LEAVE;
       },
       "CONF-01: owed one reason at all members; came: m2 was given the change "
       "that m3 left (LEAVE), m0 the change that m3 left (PROCDOWN), after 5 "
       "events alike, the last of them message a-1"},
      {"ProcdownForALeaver",
       [](Model* model) {
         model->Join("m4");
         model->Leave("m4");
         AtAll(model, Left("m4"), [](Event& event) {
           event.left[0].reason = CPG_REASON_PROCDOWN;
         });
         model->session("m4").events.pop_back();
       },
       "CONF-01: owed reason LEAVE for a process that left; came: m4 left, and "
       "m0 was given PROCDOWN as the reason"},
      {"LeaveForAFinalize",
       [](Model* model) {
         model->Join("m4");
         model->Finalize("m4");
         AtAll(model, Left("m4"),
               [](Event& event) { event.left[0].reason = CPG_REASON_LEAVE; });
       },
       "FIN-04: owed reason PROCDOWN for a process that finalized without a "
       "leave; came: m4 finalized without a leave, and m0 was given LEAVE as "
       "the reason"},
      {"TwoDepartures",
       [](Model* model) {
         for (const char* name : {"m0", "m1", "m2"}) {
           model->session(name).events.push_back(
               Given(model, name, Left("m3")));
         }
       },
       "CONF-05: owed one departure for each join; came: m2 was given the "
       "change that m3 left (PROCDOWN), which is about a process that was no "
       "member: m3"},
      {"NoDeparture", [](Model* model) { RemoveAtAll(model, Left("m3")); },
       "CONF-05: owed the departure of each that departs; came: m3 ended "
       "without a leave, and m0 was given no departure of it"},
      {"DepartureOfOneThatStays",
       [](Model* model) {
         model->Kill("m2");
         model->session("m2").end = Session::End::kStayed;
         model->session("m2").events.push_back(Given(model, "m0", Left("m2")));
       },
       "CONF-01: owed the departure of those that leave or end; came: m2 was "
       "given the change that m2 left (PROCDOWN), but had neither left nor "
       "ended"},
  };
  return faults;
}

Model Damaged(const Broken& fault) {
  Model model = Four();
  model.Send("m1", "a-0");
  model.Send("m2", "b-0", kLarge);
  model.Send("m1", "a-1");
  model.Kill("m3");
  model.Send("m1", "a-2");
  EXPECT_TRUE(Judge(model) == "pass");
  fault.damage(&model);
  return model;
}

class BrokenHistoryTest : public testing::TestWithParam<Broken> {};

TEST_P(BrokenHistoryTest, NamesTheContradiction) {
  EXPECT_EQ(Judge(Damaged(GetParam())), GetParam().text);
}

std::string NameOf(const testing::TestParamInfo<Broken>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Messages, BrokenHistoryTest,
                         testing::ValuesIn(MessageFaults()), NameOf);
INSTANTIATE_TEST_SUITE_P(Fates, BrokenHistoryTest,
                         testing::ValuesIn(FateFaults()), NameOf);
INSTANTIATE_TEST_SUITE_P(Ends, BrokenHistoryTest,
                         testing::ValuesIn(EndFaults()), NameOf);
INSTANTIATE_TEST_SUITE_P(Changes, BrokenHistoryTest,
                         testing::ValuesIn(ChangeFaults()), NameOf);
INSTANTIATE_TEST_SUITE_P(Lists, BrokenHistoryTest,
                         testing::ValuesIn(ListFaults()), NameOf);
INSTANTIATE_TEST_SUITE_P(Entries, BrokenHistoryTest,
                         testing::ValuesIn(EntryFaults()), NameOf);
INSTANTIATE_TEST_SUITE_P(Departures, BrokenHistoryTest,
                         testing::ValuesIn(DepartureFaults()), NameOf);

}  // namespace
}  // namespace cpgcert::conformance::history
