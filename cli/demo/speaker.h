/// A minimal Spoke with the C++ SDK: a speaker that offers MusicControlSkill and prints what it plays.
///
/// Threading: skills run on the Spoke's threads; the speaker locks what they share.   Lifetime: outlives its Spoke.
/// Errors: a wrong argument is a `skill_error` for the caller.
#pragma once

#include <strawberry/spoke.h>

#include <functional>
#include <mutex>
#include <string>

namespace strawberry::cli {

class Speaker {
 public:
  /// `on_play`: called with what the speaker does, in words; one call at a time.
  explicit Speaker(std::function<void(const std::string&)> on_play) : on_play_(std::move(on_play)) {}

  /// Adds its skills.
  void offer_on(strawberry::Spoke& spoke);

 private:
  std::string play_song(const std::string& name, int volume);
  std::string stop();
  std::string set_volume(int level);

  const std::function<void(const std::string&)> on_play_;
  std::mutex mutex_;
};

}  // namespace strawberry::cli
