/// Summarises a message in one line for a person. Pure functions on untrusted JSON; the results are printable and have
/// at most `bytes_max` bytes.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace strawberry::cli {

/// Also for a call to a device: `living_room.MusicSkill.play("Yesterday")`, a chat's last message, else the request.
std::string summary_of_request(const nlohmann::json& payload, std::size_t bytes_max);
/// Also for a device's result: the result, or the error.
std::string summary_of_answer(const nlohmann::json& payload, std::size_t bytes_max);
std::string summary_of_event(const std::string& event, const nlohmann::json& payload, std::size_t bytes_max);
std::string summary_of_audit(const nlohmann::json& payload, std::size_t bytes_max);
/// Returns the text in a `delta`, not printable yet.
std::string text_of_delta(const nlohmann::json& payload);

}  // namespace strawberry::cli
