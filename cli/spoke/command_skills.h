/// The commands of a skill file as a device's skills.
///
/// Threading: loop only.   Lifetime, errors: DeviceSkills'.   Bounds: the file's numbers.
#pragma once

#include <string>

#include "cli/spoke/device_skills.h"
#include "cli/spoke/skill_file.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {

class CommandSkills final : public DeviceSkills {
 public:
  /// Commands run in `directory`.
  CommandSkills(asio::io_context& loop, SkillFile file, std::string directory)
      : loop_(loop), file_(std::move(file)), directory_(std::move(directory)) {}

  /// Applies from the next call on; running calls continue.
  void use(SkillFile file) { file_ = std::move(file); }

  nlohmann::json registration() const override { return file_.registration(); }
  std::size_t calls_running_max() const override { return file_.calls_running_max; }
  std::size_t calls_waiting_max() const override { return file_.calls_waiting_max; }
  Result<ReadyCall> prepare(const std::string& skill_path, const nlohmann::json& args,
                            const nlohmann::json& kwargs) override;

 private:
  asio::io_context& loop_;
  SkillFile file_;
  const std::string directory_;
};

}  // namespace strawberry::cli
