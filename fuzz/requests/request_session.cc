#include "fuzz/requests/request_session.h"

#include <corosync/corotypes.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

// Behind those of an input.
constexpr int kBystander = kRequestConnections;
constexpr int kNeighbour = kRequestConnections + 1;
constexpr int kGuest = kRequestConnections + 2;
constexpr uint32_t kBystanderProcess = 201;
constexpr uint32_t kFirstGuestProcess = 1000;
// No input has it by chance, and none that does is played.
constexpr char kSecret[] = "5d0f2b7c1e";
// Round trips after which what is still there will stay.
constexpr int kRoundTripsMax = 50;
constexpr size_t kGuestSizeMax = 16384;  // a membership reply has 9 KiB
constexpr size_t kGrowthMax = size_t{64} << 20;
constexpr uint64_t kAreaSize = 4096;

std::string SecretGroup(const char* who) {
  return fmt::format("{} {}", who, kSecret);
}

}  // namespace

RequestSession::RequestSession(std::unique_ptr<RequestService> service)
    : service_(std::move(service)),
      bystander_(service_.get(), kBystander, kBystanderProcess,
                 SecretGroup("bystander")),
      neighbour_(service_.get(), kNeighbour, kNeighbourProcess,
                 kNeighbourGroup) {}

std::string RequestSession::Prepare() {
  if (prepared_) return "";
  std::string error = service_->Start();
  if (!error.empty()) return error;
  RequestDamage damage;
  for (HonestClient* client : {&bystander_, &neighbour_}) {
    client->Connect(wire::kBufferSize, &damage);
    client->Join(&damage);
  }
  members_ = {kNeighbourProcess};
  // What comes once is there before anything is counted.
  NoteDamage(BeServed(), &damage);
  before_ = service_->LookAtProcess();
  prepared_ = damage.ok();
  if (prepared_) return "";
  return fmt::format("honest clients cannot begin: {}: {}", damage.damage,
                     damage.came);
}

RequestDamage RequestSession::FirstOf(
    const std::vector<std::function<RequestDamage()>>& steps) {
  for (const auto& step : steps) {
    RequestDamage damage = step();
    if (!service_->Loss().ok()) return service_->Loss();
    if (!damage.ok()) return damage;
  }
  return {};
}

RequestDamage RequestSession::Play(const RequestRecords& records) {
  behaviours_.clear();
  if (BuildRequestInput(records).find(kSecret) != std::string::npos) return {};
  const std::string error = Prepare();
  if (!error.empty()) return {.damage = "no service", .came = error};
  RequestDamage damage = PlayOn(records);
  if (!damage.ok()) prepared_ = false;
  return damage;
}

RequestDamage RequestSession::PlayOn(const RequestRecords& records) {
  RequestDamage damage;
  delivered_.clear();
  const HonestThings things = MakeThings(records, &damage);
  if (!damage.ok()) return damage;
  RequestDamage meanwhile;
  RequestPlayer player(service_.get(), things, kNeighbourGroup,
                       [&] { NoteDamage(LookAsBystander(), &meanwhile); });
  damage = FirstOf({
      [&] { return player.Play(records); },
      [&] { return meanwhile; },
      [&] {
        behaviours_ = player.behaviours();
        player.WaitDealtWith();
        return LookAsNeighbour(&player, true);
      },
      [&] { return LookAtThings(things); },
      [&] {
        service_->WaitIdle();
        player.CloseAll();
        return BeServed();
      },
      [&] { return LookAtLeftovers(); },
      [&] { return LookAsNeighbour(&player, false); },
      [&] { return LookAsBystander(); },
      [&] { return LookAtProcess(); },
  });
  player.CloseAll();
  return damage;
}

HonestThings RequestSession::MakeThings(const RequestRecords& records,
                                        RequestDamage* damage) {
  HonestThings things;
  const bool wanted =
      std::ranges::any_of(records, [](const RequestRecord& record) {
        return record.action == RequestAction::kSend &&
               record.filled == Filled::kOthers;
      });
  if (!wanted) return things;
  const auto iteration = bystander_.AskFor<wire::IterationInitializeReply>(
      wire::IterationInitializeRequest{.type = 3}, damage);
  if (iteration.has_value()) things.iteration = iteration->iteration;
  if (service_->Folder().empty()) return things;
  things.path = service_->Folder() + "/others";
  const std::string area = service_->Folder() + "/others_area";
  for (const std::string& path : {things.path, area}) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const bool written = ftruncate(file, kAreaSize) == 0;
    if (path == area && written) {
      bystander_.Ask(
          wire::ZeroCopyAllocateRequest{.map_size = kAreaSize, .path = path},
          damage);
      const std::string secret = wire::Build(
          wire::Request(wire::MulticastRequest{.message = kSecret}));
      constexpr off_t kAddressOffset = 8;
      constexpr off_t kAreaHeaderSize = 16;
      const bool made =
          pread(file, &things.server_address, sizeof(things.server_address),
                kAddressOffset) > 0 &&
          pwrite(file, secret.data(), secret.size(), kAreaHeaderSize) > 0;
      if (!made) things.server_address = 0;
    }
    if (file >= 0) close(file);
  }
  return things;
}

RequestDamage RequestSession::LookAtThings(const HonestThings& things) {
  RequestDamage damage;
  if (things.iteration == 0) return damage;
  // Itself and the neighbour.
  constexpr int kEntries = 2;
  int entries = 0;
  int32_t error = CS_OK;
  while (error == CS_OK && entries <= kEntries) {
    const auto entry = bystander_.AskFor<wire::IterationNextReply>(
        wire::IterationNextRequest{.iteration = things.iteration}, &damage);
    if (!entry.has_value()) return damage;
    error = entry->error;
    entries += error == CS_OK ? 1 : 0;
  }
  if (entries != kEntries || error != CS_ERR_NO_SECTIONS) {
    NoteDamage(
        {.damage = "another's iteration is disturbed",
         .owed = fmt::format("its {} entries, as nobody but its owner "
                             "used it, and then error {}",
                             kEntries, +CS_ERR_NO_SECTIONS),
         .came = fmt::format("{} entries, and then error {}", entries, error)},
        &damage);
  } else {
    bystander_.AskOk(
        wire::IterationFinalizeRequest{.iteration = things.iteration}, &damage);
  }
  if (!things.path.empty() && access(things.path.c_str(), F_OK) != 0) {
    NoteDamage({.damage = "another's file is removed",
                .owed = "files of others are let alone",
                .came = "the service has removed it"},
               &damage);
  }
  if (things.server_address != 0) {
    bystander_.Ask(
        wire::ZeroCopyFreeRequest{.map_size = kAreaSize,
                                  .server_address = things.server_address},
        &damage);
  }
  return damage;
}

// --- What they see -----------------------------------------------------------

std::string RequestSession::NewMessage() {
  return fmt::format("{} {}", kSecret, number_++);
}

RequestDamage RequestSession::LookAsBystander() {
  RequestDamage damage;
  RequestDamage seen;
  const auto see = [&](const wire::Event& event) {
    NoteDamage({.damage = "a member of another group sees it",
                .owed = "no event",
                .came = TextOf(event)},
               &seen);
    return false;
  };
  bystander_.MessageToItself(NewMessage(), see, &damage);
  return damage.ok() ? seen : damage;
}

RequestDamage RequestSession::LookAsNeighbour(RequestPlayer* player, bool all) {
  RequestDamage damage;
  RequestDamage seen;
  const auto see = [&](const wire::Event& event) {
    if (const auto* change = std::get_if<wire::ConfigurationEvent>(&event)) {
      NoteDamage(See(*change, *player), &seen);
    } else if (const auto* one = std::get_if<wire::DeliverEvent>(&event)) {
      NoteDamage(See(*one, player), &seen);
    } else if (const auto* part =
                   std::get_if<wire::PartialDeliverEvent>(&event)) {
      NoteDamage(See(*part, player), &seen);
    }
    return seen.ok();  // who is put out does not hear itself any more
  };
  neighbour_.MessageToItself(NewMessage(), see, &damage);
  if (!seen.ok() || !damage.ok()) return seen.ok() ? damage : seen;
  const auto& owed = player->owed();
  const std::multiset<std::string> messages(owed.begin(), owed.end());
  if (all && !std::ranges::includes(delivered_, messages)) {
    return {.damage = "a message is not delivered",
            .owed = fmt::format("{} messages of members", messages.size()),
            .came = fmt::format("{} messages", delivered_.size())};
  }
  return {};
}

RequestDamage RequestSession::See(const wire::ConfigurationEvent& event,
                                  const RequestPlayer& player) {
  const auto wrong = [&](const char* part, const char* owed) -> RequestDamage {
    return {.damage = "an honest member is told what is not so",
            .part = part,
            .owed = owed,
            .came = TextOf(event)};
  };
  if (event.group != kNeighbourGroup) {
    return wrong("group", "events of its own group");
  }
  std::set<uint32_t> now = members_;
  for (const wire::Address& one : event.left) {
    if (one.process == kNeighbourProcess) {
      return {.damage = "an honest member is put out of its group",
              .owed = "it stays a member",
              .came = TextOf(event)};
    }
    if (now.erase(one.process) == 0) {
      return wrong("left", "leaves of members");
    }
  }
  for (const wire::Address& one : event.joined) {
    const bool asked =
        player.any_process() || player.processes().contains(one.process);
    if (!asked || !now.insert(one.process).second) {
      return wrong("joined", "joins of processes that have asked");
    }
  }
  std::set<uint32_t> listed;
  for (const wire::Address& one : event.members) listed.insert(one.process);
  if (listed != now || listed.size() != event.members.size()) {
    return wrong("members", "the members before, and what has changed");
  }
  members_ = now;
  return {};
}

RequestDamage RequestSession::See(const wire::DeliverEvent& event,
                                  RequestPlayer* player) {
  const auto found = player->messages().find(event.message);
  if (event.group != kNeighbourGroup || found == player->messages().end() ||
      !members_.contains(event.process)) {
    return {.damage = "an honest member is given what nobody sent",
            .part = event.group != kNeighbourGroup      ? "group"
                    : found == player->messages().end() ? "message"
                                                        : "process",
            .owed = "messages of members, as they were sent",
            .came = TextOf(event)};
  }
  player->messages().erase(found);
  delivered_.insert(event.message);
  return {};
}

RequestDamage RequestSession::See(const wire::PartialDeliverEvent& event,
                                  RequestPlayer* player) {
  const auto found = player->fragments().find(event.fragment);
  if (event.group != kNeighbourGroup || found == player->fragments().end() ||
      !members_.contains(event.process)) {
    return {.damage = "an honest member is given what nobody sent",
            .part = found == player->fragments().end() ? "fragment" : "process",
            .owed = "fragments of members, as they were sent",
            .came = TextOf(event)};
  }
  player->fragments().erase(found);
  return {};
}

// --- Afterwards --------------------------------------------------------------

RequestDamage RequestSession::LookAtLeftovers() {
  RequestDamage damage;
  std::string others;
  for (int i = 0; i < kRoundTripsMax && damage.ok(); ++i) {
    const auto iteration = bystander_.AskFor<wire::IterationInitializeReply>(
        wire::IterationInitializeRequest{.type = 3}, &damage);
    if (!iteration.has_value()) break;
    others.clear();
    for (;;) {
      const auto entry = bystander_.AskFor<wire::IterationNextReply>(
          wire::IterationNextRequest{.iteration = iteration->iteration},
          &damage);
      if (!entry.has_value() || entry->error != CS_OK) break;
      const auto is = [&](const HonestClient& client) {
        return entry->process == client.process() &&
               entry->group == client.group();
      };
      if (!is(bystander_) && !is(neighbour_)) {
        others +=
            fmt::format("process {} in \"{}\" ", entry->process, entry->group);
      }
    }
    bystander_.AskOk(
        wire::IterationFinalizeRequest{.iteration = iteration->iteration},
        &damage);
    if (others.empty()) return damage;
    NoteDamage(LookAsBystander(), &damage);
  }
  NoteDamage({.damage = "a client that is gone is still a member",
              .owed = "its leave, once its connection is closed",
              .came = others},
             &damage);
  return damage;
}

RequestDamage RequestSession::LookAtProcess() {
  RequestDamage damage;
  RequestService::Look now;
  for (int i = 0; i < kRoundTripsMax && damage.ok(); ++i) {
    now = service_->LookAtProcess();
    if (now.descriptors <= before_.descriptors) break;
    NoteDamage(LookAsBystander(), &damage);
  }
  if (now.descriptors > before_.descriptors) {
    NoteDamage({.damage = "descriptors are left open",
                .owed = fmt::format("{}, as before", before_.descriptors),
                .came = fmt::format("{}", now.descriptors)},
               &damage);
  }
  if (now.resident_bytes > before_.resident_bytes + kGrowthMax) {
    NoteDamage(
        {.damage = "memory grows",
         .owed = fmt::format("{} bytes or little more", before_.resident_bytes),
         .came = fmt::format("{} bytes", now.resident_bytes)},
        &damage);
  }
  service_->WaitIdle();
  return damage;
}

RequestDamage RequestSession::BeServed() {
  RequestDamage damage;
  HonestClient guest(service_.get(), kGuest, kFirstGuestProcess + guests_++,
                     SecretGroup("guest"));
  const auto see = [&](const wire::Event& event) {
    NoteDamage(NotServed("its own message", TextOf(event)), &damage);
    return false;
  };
  guest.Connect(kGuestSizeMax, &damage);
  guest.Join(&damage);
  guest.MessageToItself(NewMessage(), see, &damage);
  guest.Leave(&damage);
  guest.Close();
  return damage;
}

}  // namespace cpgcert::fuzz
