#include "common/contract/audit.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/text/hex.h"

namespace strawberry {
namespace {

/// The first characters of every JWT: `{"` in base64url.
constexpr std::string_view token_begins = "eyJ";
constexpr std::size_t token_characters_min = 20;

bool is_of_token(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/// Returns the length of what looks like a token at the start of `text`; 0 when nothing does.
std::size_t token_length(std::string_view text) {
  if (!text.starts_with(token_begins)) return 0;
  const auto end = std::find_if_not(text.begin(), text.end(), is_of_token);
  const auto length = static_cast<std::size_t>(end - text.begin());
  return length >= token_characters_min ? length : 0;
}

}  // namespace

std::string audit_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= audit_text_characters_max) return out + "...";
    if (const std::size_t length = token_length(text); length > 0) {
      out += "<hidden>";
      text.remove_prefix(length);
      continue;
    }
    const auto byte = static_cast<unsigned char>(text.front());
    if (byte < 0x20 || byte > 0x7e) {
      out += "\\x";
      append_hex(out, text.front());
    } else {
      out += text.front();
    }
    text.remove_prefix(1);
  }
  return out;
}

std::string write_audit(const AuditLine& line, WallTime now) {
  nlohmann::ordered_json json;
  json["ts"] = format_rfc3339(now);
  json["actor"] = audit_text(line.actor);
  json["action"] = audit_text(line.action);
  json["subject"] = audit_text(line.subject);
  json["outcome"] = audit_text(line.outcome);
  const std::pair<const char*, std::string_view> optional[] = {
      {"reason", line.reason}, {"client_id", line.client_id}, {"address", line.address}, {"user", line.user}};
  for (const auto& [name, text] : optional) {
    if (!text.empty()) json[name] = audit_text(text);
  }
  if (line.left_out > 0) json["left_out"] = line.left_out;
  return json.dump();
}

bool LineBudget::take() {
  const SteadyTime now = clock_.steady_now();
  if (now - second_began_ >= std::chrono::seconds(1)) {
    second_began_ = now;
    taken_ = 0;
  }
  if (taken_ < per_second_max_) return ++taken_, true;
  ++left_out_;
  return false;
}

std::uint64_t LineBudget::take_left_out() { return std::exchange(left_out_, 0); }

}  // namespace strawberry
