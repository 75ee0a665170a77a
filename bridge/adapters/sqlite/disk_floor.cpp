#include "bridge/adapters/sqlite/disk_floor.h"

#include <sys/statvfs.h>

#include <filesystem>
#include <utility>

namespace strawberry::bridge {
namespace {

constexpr std::uint64_t mebibyte = 1024 * 1024;

}  // namespace

DiskFloor::DiskFloor(const Clock& clock, FreeBytes free_bytes, Changed changed, Options options)
    : clock_(clock), free_bytes_(std::move(free_bytes)), changed_(std::move(changed)), options_(options) {}

DiskFloor::State DiskFloor::look() {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  if (looked_at_ && now < *looked_at_ + options_.interval) return state_;
  looked_at_ = now;
  const auto free = free_bytes_();
  if (!free) return state_;
  const bool was_low = state_.is_low;
  const auto least = static_cast<std::uint64_t>(options_.free_min_mib) * mebibyte;
  state_.free_bytes = free;
  state_.is_low = *free < (was_low ? least + least / 10 : least);
  if (state_.is_low != was_low) changed_(state_);
  return state_;
}

std::optional<Error> DiskFloor::refusal() {
  if (options_.free_min_mib == 0) return std::nullopt;
  const auto state = look();
  if (!state.is_low) return std::nullopt;
  const auto free_mib = state.free_bytes.value_or(0) / mebibyte;
  return Error{ErrorCode::quota_exceeded,
               "the hub's disk is almost full, it takes nothing new: " + std::to_string(free_mib) + " MiB are free, " +
                   std::to_string(options_.free_min_mib) + " must stay so",
               {{"limit", disk_free_limit}, {"min", options_.free_min_mib}, {"free", free_mib}}};
}

Error DiskFloor::full() const {
  return {ErrorCode::quota_exceeded,
          "the hub's disk is full, nothing can be stored",
          {{"limit", disk_free_limit}, {"min", options_.free_min_mib}, {"free", 0}}};
}

DiskFloor::FreeBytes free_bytes_beside(std::string path) {
  std::string directory = std::filesystem::absolute(path).parent_path();
  return [directory = std::move(directory)]() -> std::optional<std::uint64_t> {
    struct statvfs disk {};
    if (::statvfs(directory.c_str(), &disk) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  };
}

}  // namespace strawberry::bridge
