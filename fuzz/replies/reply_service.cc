#include "fuzz/replies/reply_service.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

// More than the largest reply.
constexpr size_t kFillSize = 16384;

// The iteration that a request names.
std::optional<uint64_t> IterationOf(std::string_view request) {
  const auto parsed = wire::ParseRequest(request).message;
  if (!parsed.has_value()) {
    return std::nullopt;
  }
  if (const auto* next = std::get_if<wire::IterationNextRequest>(&*parsed)) {
    return next->iteration;
  }
  if (const auto* end = std::get_if<wire::IterationFinalizeRequest>(&*parsed)) {
    return end->iteration;
  }
  return std::nullopt;
}

}  // namespace

ReplyService::ReplyService(uint8_t stale) {
  service_.SetStaleFill(
      harness::StaleFill{.pattern = stale, .size_max = kFillSize});
  service_.on_connect = [this](int connection) {
    connection_ = connection;
    told_.clear();
    const bool is_call = record_ != nullptr && record_->call == Call::kConnect;
    return is_call && IsDue() ? record_->error : 0;
  };
  service_.on_request = [this](int /*connection*/, std::string_view request) {
    return Answer(request);
  };
}

void ReplyService::Begin(const ReplyRecord& record, const OwedReply& owed) {
  record_ = &record;
  owed_ = &owed;
  skip_ = record.call == Call::kMulticast ? record.parameter : 0;
  asked_ = 0;
  asked_again_ = false;
  acknowledged_ = 0;
}

void ReplyService::End() {
  record_ = nullptr;
  // One that has not been come to is not for later.
  service_.Plant(harness::QbCall::kReceive, 0, 0, 0);
}

bool ReplyService::IsDue() {
  if (skip_ > 0) {
    --skip_;
    return false;
  }
  if (asked_ >= kAskedMax) {
    service_.Cut(connection_);
  }
  if (record_->again == kAlways || asked_ <= record_->again) {
    ++asked_;
    return true;
  }
  asked_again_ = true;
  return false;
}

harness::InProcessService::Answer ReplyService::Answer(
    std::string_view request) {
  const int32_t id = wire::IdOf(request).value_or(-1);
  CheckIteration(id, request);
  if (record_ == nullptr || !IsOwnRequest(record_->call, id) || !IsDue()) {
    if (IsOwnRequest(Call::kLocalGet, id)) {
      told_.insert(OwedForHonest(Call::kLocalGet).values.front());
    }
    Acknowledge(request);
    return {.reply = HonestReply(static_cast<wire::RequestId>(id))};
  }
  if (owed_->code_allowed && owed_->code == CS_OK) {
    Acknowledge(request);
    if (record_->call == Call::kLocalGet) {
      told_.insert(owed_->values.front());
    }
  }
  if (record_->error == 0) {
    return {.reply = std::string(record_->reply)};
  }
  if (record_->at == ErrorAt::kSend) {
    return {.error = record_->error};
  }
  service_.Plant(harness::QbCall::kReceive, record_->error);
  return {};
}

void ReplyService::CheckIteration(int32_t id, std::string_view request) {
  const bool names_one = IsOwnRequest(Call::kIterationNext, id) ||
                         IsOwnRequest(Call::kIterationFinalize, id);
  if (names_one && IterationOf(request) != iteration_) {
    iterations_confused_ = true;
  }
}

void ReplyService::Acknowledge(std::string_view request) {
  acknowledged_ +=
      request.size() - std::min(request.size(), wire::kPartialOverhead);
}

}  // namespace cpgcert::fuzz
