#include "harness/qb_in_process/in_process_service.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "harness/qb_in_process/connection.h"

namespace cpgcert::harness {

namespace {

using Lock = std::scoped_lock<std::recursive_mutex>;

}  // namespace

InProcessService::InProcessService() {
  const Lock lock(qb_ipcc_connection::Guard());
  if (qb_ipcc_connection::Service() != nullptr) {
    std::fputs("there is a service in this process already\n", stderr);
    std::abort();
  }
  qb_ipcc_connection::Install(this);
}

InProcessService::~InProcessService() {
  const Lock lock(qb_ipcc_connection::Guard());
  qb_ipcc_connection::Uninstall();
}

void InProcessService::Push(int connection, std::string_view event) {
  const Lock lock(qb_ipcc_connection::Guard());
  if (auto* const open = qb_ipcc_connection::Find(connection)) {
    open->Push(event);
  }
}

void InProcessService::End(int connection) {
  const Lock lock(qb_ipcc_connection::Guard());
  if (auto* const open = qb_ipcc_connection::Find(connection)) {
    open->End();
  }
}

void InProcessService::Cut(int connection) {
  const Lock lock(qb_ipcc_connection::Guard());
  if (auto* const open = qb_ipcc_connection::Find(connection)) {
    open->Cut();
  }
}

void InProcessService::SetFlowControl(int connection, int32_t level) {
  const Lock lock(qb_ipcc_connection::Guard());
  if (auto* const open = qb_ipcc_connection::Find(connection)) {
    open->flow_control = level;
  }
}

void InProcessService::Plant(QbCall call, int32_t error, int skip, int times) {
  const Lock lock(qb_ipcc_connection::Guard());
  planted_.at(static_cast<size_t>(call)) = {error, skip, times};
  any_planted_ = true;
}

void InProcessService::SetStaleFill(std::optional<StaleFill> fill) {
  const Lock lock(qb_ipcc_connection::Guard());
  fill_ = fill;
}

size_t InProcessService::EventsWaiting(int connection) const {
  const Lock lock(qb_ipcc_connection::Guard());
  const auto* const open = qb_ipcc_connection::Find(connection);
  return open == nullptr ? 0 : open->events.size();
}

bool InProcessService::IsOpen(int connection) const {
  const Lock lock(qb_ipcc_connection::Guard());
  return qb_ipcc_connection::Find(connection) != nullptr;
}

int32_t InProcessService::TakePlanted(QbCall call) {
  if (!any_planted_) {
    return 0;
  }
  Planted& planted = planted_.at(static_cast<size_t>(call));
  if (planted.times == 0) {
    return 0;
  }
  if (planted.skip > 0) {
    --planted.skip;
    return 0;
  }
  --planted.times;
  return planted.error;
}

}  // namespace cpgcert::harness
