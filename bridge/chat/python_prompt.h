/// tool_mode `python`: the user's skills as Python, for the system prompt. The model answers with code, which the hub
/// returns and the Spoke runs.
///
/// First the skills of the asking device, which are called as `Class.function(…)`, then those that only other devices
/// have, called as `device.Class.function(…)`; each class once, with its devices. Signatures and docstrings come from
/// devices: they are data, without control characters, and a docstring cannot end itself. Skills marked `confirm` are
/// left out: the hub does not see these calls and could ask nobody.
///
/// Pure.   Bounds: Options; a last line says when not all found room.
#pragma once

#include <string>

#include "bridge/skills/offered_skill.h"

namespace strawberry::bridge {

struct PythonPromptOptions {
  std::size_t skills_max = 500;
  std::size_t prompt_bytes_max = 64 * 1024;
  std::size_t docstring_bytes_max = 1024;
  std::size_t devices_listed_max = 16;  // of one skill
};

/// `sender_id` is the asking device's id, or a user's, which no device has.
std::string python_prompt(const SkillsFound& found, const std::string& sender_id, const PythonPromptOptions& options);

}  // namespace strawberry::bridge
