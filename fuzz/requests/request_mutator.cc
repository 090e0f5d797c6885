#include "fuzz/requests/request_mutator.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include "fuzz/mutation/boundary_values.h"
#include "fuzz/requests/request_flaws.h"
#include "fuzz/requests/request_seeds.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

constexpr size_t kRecordsMax = 64;
constexpr size_t kChangesMax = 4;
// Of a mutated record; the seeds have larger ones.
constexpr size_t kGrowthMax = 4096;
constexpr uint32_t kProcesses[] = {
    ProcessOf(0), ProcessOf(1), ProcessOf(2), kNeighbourProcess, 0, UINT32_MAX};
// What a count can be beside the boundary values: as many bytes as follow, and
// what leads out of a page and out of the buffers.
constexpr uint64_t kBeyond[] = {1, 100, 4096, 65536, 2 * wire::kBufferSize};

// So often a record comes once more.
constexpr size_t kRepeated[] = {1, 20};

// All records of all seeds.
const RequestRecords& HonestRecords() {
  static const RequestRecords all = [] {
    RequestRecords found;
    for (const auto& [name, input] : RequestSeeds()) {
      for (RequestRecord& record : ParseRequestInput(input)) {
        if (record.bytes.size() <= kGrowthMax) found.push_back(record);
      }
    }
    return found;
  }();
  return all;
}

// Fields of 4 or 8 bytes; their offsets and sizes.
std::vector<wire::Field> NumbersOf(const RequestRecord& record) {
  std::vector<wire::Field> numbers;
  for (wire::Field& field : wire::Fields(wire::Kind::kRequest, record.bytes)) {
    if (field.size == sizeof(uint32_t) || field.size == sizeof(uint64_t)) {
      numbers.push_back(std::move(field));
    }
  }
  return numbers;
}

void Set(RequestRecord* record, const std::string& field, uint64_t value) {
  wire::SetField(wire::Kind::kRequest, &record->bytes, field, value);
}

std::vector<std::string> Groups() {
  return {kNeighbourGroup, "other", "", std::string(wire::kNameMax, 'g')};
}

void SetGroup(RequestRecord* record, const std::string& group) {
  for (const wire::Field& field :
       wire::Fields(wire::Kind::kRequest, record->bytes)) {
    if (field.name != "group.length") continue;
    const size_t begin = field.offset + sizeof(uint64_t);
    if (begin + wire::kNameMax > record->bytes.size()) return;
    record->bytes.replace(begin, group.size(), group);
    Set(record, "group.length", group.size());
    return;
  }
}

void Resize(RequestRecord* record, size_t size, bool with_header) {
  record->bytes.resize(size, 'x');
  if (with_header) Set(record, "size", size);
}

// A path without an end, if there is a path.
void SetEndlessPath(RequestRecord* record) {
  constexpr size_t kPathOffset = 24;
  const bool has_path =
      wire::IdOf(record->bytes) ==
          static_cast<int32_t>(wire::RequestId::kZeroCopyAllocate) &&
      record->bytes.size() >= kPathOffset + wire::kPathSize;
  if (!has_path) return;
  record->filled = Filled::kNothing;
  record->bytes.replace(kPathOffset, wire::kPathSize, wire::kPathSize, 'x');
}

// --- Operations on a list that is not empty ----------------------------------

void ChangeField(RequestRecord* record, RandomChoice* choice) {
  const std::vector<wire::Field> numbers = NumbersOf(*record);
  if (numbers.empty()) return;
  const wire::Field& field = choice->Of(numbers);
  if (field.name == "process") {
    Set(record, field.name, choice->Of(kProcesses));
  } else if (choice->OneIn(2)) {
    Set(record, field.name, choice->Of(kBoundaryNumbers));
  } else {
    uint64_t old = 0;
    std::memcpy(&old, &record->bytes[field.offset], field.size);
    const uint64_t step = choice->Of(kBeyond);
    Set(record, field.name, choice->OneIn(2) ? old + step : old - step);
  }
}

void ChangeBytes(RequestRecord* record, RandomChoice* choice) {
  std::string& bytes = record->bytes;
  switch (choice->Below(4)) {
    case 0:
      Resize(record, choice->Below(bytes.size() + 1), choice->OneIn(2));
      break;
    case 1:
      Resize(record, bytes.size() + choice->Below(kGrowthMax),
             choice->OneIn(2));
      break;
    case 2: {
      const std::vector<std::string> groups = Groups();
      SetGroup(record, choice->Of(groups));
      SetEndlessPath(record);
      break;
    }
    default:
      if (!bytes.empty()) {
        choice->Of(bytes) = static_cast<char>(choice->Below(256));
      }
      break;
  }
}

void ChangeList(RequestRecords* records, RandomChoice* choice) {
  const size_t at = choice->Below(records->size());
  const auto place = records->begin() + static_cast<ptrdiff_t>(at);
  switch (choice->Below(4)) {
    case 0:
      records->erase(place);
      break;
    case 1:
      records->insert(place, RequestRecord((*records)[at]));
      break;
    case 2:
      std::swap((*records)[at], choice->Of(*records));
      break;
    default: {
      RequestRecord record = choice->Of(HonestRecords());
      record.connection = (*records)[at].connection;
      records->insert(place, std::move(record));
      break;
    }
  }
}

void ChangeOnce(RequestRecords* records, RandomChoice* choice) {
  if (records->empty()) records->push_back(choice->Of(HonestRecords()));
  RequestRecord& record = choice->Of(*records);
  switch (choice->Below(8)) {
    case 0:
    case 1:
    case 2:
      ChangeField(&record, choice);
      break;
    case 3:
    case 4:
      ChangeBytes(&record, choice);
      break;
    case 5:
      record.filled = static_cast<Filled>(choice->Below(kFillings));
      break;
    case 6:
      record.connection =
          static_cast<uint8_t>(choice->Below(kRequestConnections));
      break;
    default:
      ChangeList(records, choice);
      break;
  }
  if (records->size() > kRecordsMax) records->resize(kRecordsMax);
}

// --- One request, systematically ---------------------------------------------

void AddFieldChanges(const RequestRecord& record,
                     std::vector<RequestRecord>* changed) {
  for (const wire::Field& field : NumbersOf(record)) {
    const auto set = [&](uint64_t value) {
      changed->push_back(record);
      Set(&changed->back(), field.name, value);
    };
    for (const uint64_t value : kBoundaryNumbers) set(value);
    uint64_t old = 0;
    std::memcpy(&old, &record.bytes[field.offset], field.size);
    for (const uint64_t step : kBeyond) set(old + step);
    if (field.name == "process") set(kNeighbourProcess);
  }
}

std::vector<RequestRecord> ChangedRecords(const RequestRecord& record) {
  std::vector<RequestRecord> changed;
  AddFieldChanges(record, &changed);
  for (const std::string& group : Groups()) {
    changed.push_back(record);
    SetGroup(&changed.back(), group);
  }
  changed.push_back(record);
  SetEndlessPath(&changed.back());
  const size_t size = record.bytes.size();
  for (const size_t other : {size_t{4}, wire::kRequestHeaderSize, size / 2,
                             size - 1, size + 1, size + kGrowthMax}) {
    for (const bool with_header : {false, true}) {
      changed.push_back(record);
      Resize(&changed.back(), other, with_header);
    }
  }
  for (int filled = 0; filled < kFillings; ++filled) {
    changed.push_back(record);
    changed.back().filled = static_cast<Filled>(filled);
  }
  return changed;
}

}  // namespace

RequestRecords Repaired(RequestRecords records, Trust worst) {
  if (worst == Trust::kHostile) return records;
  // Where a value does not help, or spoils another record, that goes.
  constexpr int kRounds = 4;
  for (int round = 0;; ++round) {
    std::vector<FoundFlaw> found = FlawsOf(records);
    std::erase_if(
        found, [&](const FoundFlaw& one) { return TierOf(one.flaw) <= worst; });
    if (found.empty()) return records;
    for (auto one = found.rbegin(); one != found.rend(); ++one) {
      RequestRecord& record = records[one->record];
      record = round < kRounds
                   ? WithoutFlaw(record, one->flaw)
                   : RequestRecord{.action = RequestAction::kTakeEvents,
                                   .connection = record.connection};
    }
  }
}

RequestRecords MutateRequests(RequestRecords records, Trust worst,
                              RandomChoice* choice) {
  const size_t changes = choice->Between(1, kChangesMax);
  for (size_t i = 0; i < changes; ++i) ChangeOnce(&records, choice);
  return Repaired(std::move(records), worst);
}

std::vector<RequestRecords> ChangedAt(const RequestRecords& records,
                                      size_t at) {
  std::vector<RequestRecords> changed;
  const RequestRecord& record = records.at(at);
  if (record.action != RequestAction::kSend) return changed;
  for (const RequestRecord& one : ChangedRecords(record)) {
    changed.push_back(records);
    changed.back()[at] = one;
  }
  for (const size_t times : kRepeated) {
    changed.push_back(records);
    changed.back().insert(changed.back().begin() + static_cast<ptrdiff_t>(at),
                          times, record);
  }
  std::erase_if(changed, [&](const RequestRecords& one) {
    return one == records || BuildRequestInput(one).size() > kRequestInputMax;
  });
  return changed;
}

}  // namespace cpgcert::fuzz
