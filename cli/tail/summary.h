/// What a message says, in one line for a person. Pure functions on untrusted JSON; what they return is printable and
/// has at most `bytes_max` bytes.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace strawberry::cli {

/// Also of a call to a device: `living_room.MusicSkill.play("Yesterday")`, a chat's last message, else what is asked.
std::string summary_of_request(const nlohmann::json& payload, std::size_t bytes_max);
/// Also of a device's result: the result, or what went wrong.
std::string summary_of_answer(const nlohmann::json& payload, std::size_t bytes_max);
std::string summary_of_event(const std::string& event, const nlohmann::json& payload, std::size_t bytes_max);
std::string summary_of_audit(const nlohmann::json& payload, std::size_t bytes_max);
/// The piece of text in a `delta`, not printable yet.
std::string text_of_delta(const nlohmann::json& payload);

}  // namespace strawberry::cli
