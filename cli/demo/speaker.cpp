#include "cli/demo/speaker.h"

#include <stdexcept>

#include "common/text/printable.h"

namespace strawberry::cli {
namespace {

void check_volume(const char* name, int value) {
  if (value < 0 || value > 100)
    throw std::invalid_argument(std::string(name) + " is out of range: " + std::to_string(value) + " (0 to 100)");
}

}  // namespace

void Speaker::offer_on(strawberry::Spoke& spoke) {
  spoke.skill("MusicControlSkill.play_song(name: str, volume: int = 50) -> str", "Play a song by its name.",
              [this](const std::string& name, int volume) { return play_song(name, volume); });
  spoke.skill("MusicControlSkill.stop() -> str", "Stop the music.", [this] { return stop(); });
  spoke.skill("MusicControlSkill.set_volume(level: int) -> str", "Set how loud the music is, from 0 to 100.",
              [this](int level) { return set_volume(level); });
}

std::string Speaker::play_song(const std::string& name, int volume) {
  if (name.empty()) throw std::invalid_argument("name is empty (a song's name)");
  check_volume("volume", volume);
  const std::lock_guard lock(mutex_);
  on_play_(printable(name, 100) + "  (volume " + std::to_string(volume) + ")");
  return "Playing " + name;
}

std::string Speaker::stop() {
  const std::lock_guard lock(mutex_);
  on_play_("(silence)");
  return "Stopped";
}

std::string Speaker::set_volume(int level) {
  check_volume("level", level);
  const std::lock_guard lock(mutex_);
  on_play_("(volume " + std::to_string(level) + ")");
  return "Volume " + std::to_string(level);
}

}  // namespace strawberry::cli
