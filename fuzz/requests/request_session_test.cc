#include "fuzz/requests/request_session.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "fuzz/requests/request_flaws.h"
#include "fuzz/requests/request_input.h"
#include "fuzz/requests/request_scripted.h"
#include "fuzz/requests/request_seeds.h"
#include "fuzz/requests/request_service.h"
#include "fuzz/support/trust.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

RequestRecord Send(const wire::Request& request) {
  return {.bytes = wire::Build(request)};
}

const RequestRecord kJoin =
    Send(wire::JoinRequest{.group = kNeighbourGroup, .process = ProcessOf(0)});
const RequestRecord kMulticast =
    Send(wire::MulticastRequest{.message = "text"});

// An honest service but for what a test makes of its replies and events.
class Dishonest : public ScriptedRequests {
 public:
  std::function<void(std::string* request)> on_request;
  std::function<void(Answer* answer)> on_answer;
  std::function<bool(int connection)> on_close;
  std::function<void(int connection, std::string* event)> on_event;
  Look look{};

  Answer Send(int connection, std::string_view request) override {
    std::string bytes(request);
    if (on_request && connection == 0) on_request(&bytes);
    Answer answer = ScriptedRequests::Send(connection, bytes);
    if (on_answer && connection == 0) on_answer(&answer);
    return answer;
  }
  void Close(int connection) override {
    if (!on_close || on_close(connection)) ScriptedRequests::Close(connection);
  }
  std::optional<std::string> TakeEvent(int connection, bool wait) override {
    auto event = ScriptedRequests::TakeEvent(connection, wait);
    if (on_event && event.has_value()) on_event(connection, &*event);
    return event;
  }
  Look LookAtProcess() override { return look; }
};

class RequestSessionTest : public testing::Test {
 protected:
  RequestSessionTest() {
    auto made = std::make_unique<Dishonest>();
    service_ = made.get();
    session_ = std::make_unique<RequestSession>(std::move(made));
  }
  std::string Damage(const RequestRecords& records) {
    const RequestDamage damage = session_->Play(records);
    return damage.damage + (damage.part.empty() ? "" : ": " + damage.part);
  }

  Dishonest* service_;
  std::unique_ptr<RequestSession> session_;
};

TEST_F(RequestSessionTest, SeedsAreHonestAndDoNoDamage) {
  for (const auto& [name, input] : RequestSeeds()) {
    EXPECT_EQ(TierOf(ParseRequestInput(input)), Trust::kConformant) << name;
    EXPECT_EQ(Damage(ParseRequestInput(input)), "") << name;
  }
}

TEST_F(RequestSessionTest, AnErrorIsAnAnswerToAMalformedRequest) {
  RequestRecord cut = kJoin;
  cut.bytes.resize(100);
  EXPECT_EQ(Damage({cut, kMulticast}), "");
}

TEST_F(RequestSessionTest, SeesAReplyOfAnotherSize) {
  service_->on_answer = [](RequestService::Answer* answer) {
    answer->reply += "more";
  };
  EXPECT_EQ(Damage({kJoin}), "a reply that is none: join request: size");
}

TEST_F(RequestSessionTest, SeesAReplyOfAnotherId) {
  service_->on_answer = [](RequestService::Answer* answer) {
    wire::SetField(wire::Kind::kReply, &answer->reply, "id", 99);
  };
  EXPECT_EQ(Damage({kJoin}), "a reply that is none: join request: id");
}

TEST_F(RequestSessionTest, SeesSilenceForAnHonestRequest) {
  service_->on_answer = [](RequestService::Answer* answer) {
    *answer = {.outcome = RequestService::Outcome::kNone};
  };
  EXPECT_EQ(Damage({kJoin}), "an honest request is not answered: join request");
  RequestRecord unknown = kJoin;
  wire::SetField(wire::Kind::kRequest, &unknown.bytes, "id", 99);
  EXPECT_EQ(Damage({unknown}), "");
}

TEST_F(RequestSessionTest, SeesALostMessage) {
  service_->on_request = [](std::string* request) {
    if (wire::IdOf(*request) == 2) request->resize(1);
  };
  EXPECT_EQ(Damage({kJoin, kMulticast}), "a message is not delivered");
}

TEST_F(RequestSessionTest, SeesBytesThatNobodySent) {
  service_->on_request = [](std::string* request) {
    if (wire::IdOf(*request) == 2) request->back() = 'X';
  };
  EXPECT_EQ(Damage({kJoin, kMulticast}),
            "an honest member is given what nobody sent: message");
}

TEST_F(RequestSessionTest, SeesAMalformedEvent) {
  service_->on_event = [](int connection, std::string* event) {
    if (connection == 4 && event->find("text") != std::string::npos) {
      *event += "more";
    }
  };
  EXPECT_TRUE(Damage({kJoin, kMulticast})
                  .starts_with("an honest client is sent what is no event"));
}

TEST_F(RequestSessionTest, SeesAnEventInAnotherGroup) {
  int bystander_events = 0;
  service_->on_event = [&](int connection, std::string* event) {
    // Its join, and then its first message: another process's.
    if (connection == 3 && ++bystander_events == 2) {
      wire::SetField(wire::Kind::kEvent, event, "process", 1);
    }
  };
  const std::string damage = Damage({kJoin});
  EXPECT_TRUE(damage.starts_with("an honest client is not served") ||
              damage == "a member of another group sees it")
      << damage;
}

TEST_F(RequestSessionTest, SeesAMemberThatIsGone) {
  service_->on_close = [](int connection) { return connection != 0; };
  EXPECT_EQ(Damage({kJoin}), "a client that is gone is still a member");
}

TEST_F(RequestSessionTest, SeesAnHonestMemberPutOut) {
  service_->on_event = [](int connection, std::string* event) {
    if (connection == 4 && wire::IdOf(*event) == 4) {
      wire::SetField(wire::Kind::kEvent, event, "left[0].process",
                     kNeighbourProcess);
    }
  };
  EXPECT_EQ(Damage({kJoin}), "an honest member is put out of its group");
}

TEST_F(RequestSessionTest, SeesDescriptorsAndMemory) {
  EXPECT_EQ(session_->Prepare(), "");
  service_->look.descriptors = 1;
  EXPECT_EQ(Damage({kJoin}), "descriptors are left open");
  EXPECT_EQ(session_->Prepare(), "");
  service_->look.resident_bytes = size_t{1} << 30;
  EXPECT_EQ(Damage({kJoin}), "memory grows");
}

TEST_F(RequestSessionTest, GoesOnWithANewServiceAfterADamage) {
  service_->on_close = [](int connection) { return connection != 0; };
  EXPECT_NE(Damage({kJoin}), "");
  service_->on_close = nullptr;
  EXPECT_EQ(Damage({kJoin}), "");
}

TEST_F(RequestSessionTest, NotesBehaviours) {
  Damage({kJoin});
  const std::set<uint16_t> once = session_->behaviours();
  Damage({kJoin, kJoin});
  EXPECT_GT(session_->behaviours().size(), once.size());
}

}  // namespace
}  // namespace cpgcert::fuzz
