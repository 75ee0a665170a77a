/// How much of the disk must stay free: below it, nothing is stored that needs room.
///
/// The file system is asked at most once per Options::interval. The state ends when a tenth more than the least is
/// free, so that what lies around the limit does not come and go.
///
/// Threading: any; `Changed` is called by whoever looks.   Errors: when the file system does not say how much is free,
/// it stays as it was.
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

/// The name of the option, and of the limit in answers.
inline constexpr const char* disk_free_limit = "disk_free_min_mib";

class DiskFloor {
 public:
  /// Bytes that are free; nothing when that is not known.
  using FreeBytes = std::function<std::optional<std::uint64_t>()>;
  struct State {
    bool is_low = false;
    std::optional<std::uint64_t> free_bytes;  // when somebody last looked

    bool operator==(const State&) const = default;
  };
  using Changed = std::function<void(const State& state)>;
  struct Options {
    std::int64_t free_min_mib = 0;  // 0: no floor
    std::chrono::nanoseconds interval = std::chrono::seconds(1);
  };

  DiskFloor(const Clock& clock, FreeBytes free_bytes, Changed changed, Options options);

  /// Looks, when that was not done just now.
  State look();
  /// What a write that needs room is answered while the disk is low; else nothing. Looks as well.
  std::optional<Error> refusal();
  /// The answer when SQLite itself finds no room.
  Error full() const;

 private:
  const Clock& clock_;
  const FreeBytes free_bytes_;
  const Changed changed_;
  const Options options_;

  std::mutex mutex_;  // guards what follows
  std::optional<SteadyTime> looked_at_;
  State state_;
};

/// What whoever runs this may still write on the file system of `path`.
DiskFloor::FreeBytes free_bytes_beside(std::string path);

}  // namespace strawberry::bridge
