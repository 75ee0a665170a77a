/// Reserves free disk space: below the limit, writes that need more space are refused.
///
/// The file system is asked at most once per Options::interval. The state ends when a tenth more than the limit is
/// free, so that it does not alternate around the limit.
///
/// Threading: any; `Changed` is called by the thread that looks.   Errors: when the file system does not report the
/// free space, the state stays.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "common/contract/error.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

/// The name of the option, and of the limit in error details.
inline constexpr const char* disk_free_limit = "disk_free_min_mib";

class DiskFloor {
 public:
  /// Returns the free bytes; nothing when they are unknown.
  using FreeBytes = std::function<std::optional<std::uint64_t>()>;
  struct State {
    bool is_low = false;
    std::optional<std::uint64_t> free_bytes;  // at the last check

    bool operator==(const State&) const = default;
  };
  using Changed = std::function<void(const State& state)>;
  struct Options {
    std::int64_t free_min_mib = 0;  // 0: no floor
    std::chrono::nanoseconds interval = std::chrono::seconds(1);
  };

  DiskFloor(const Clock& clock, FreeBytes free_bytes, Changed changed, Options options);

  /// Checks the disk unless that was just done.
  State look();
  /// Returns the error for writes that need space while the disk is low; else nothing. Checks as well.
  std::optional<Error> refusal();
  /// Returns the error for writes for which SQLite itself found no space.
  Error full() const;

 private:
  const Clock& clock_;
  const FreeBytes free_bytes_;
  const Changed changed_;
  const Options options_;

  std::mutex mutex_;  // guards the members below
  std::optional<SteadyTime> looked_at_;
  State state_;
};

/// Returns a function that reads how many bytes this process may still write on the file system of `path`.
DiskFloor::FreeBytes free_bytes_beside(std::string path);

}  // namespace strawberry::bridge
