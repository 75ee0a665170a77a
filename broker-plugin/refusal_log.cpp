#include "broker-plugin/refusal_log.h"

#include <chrono>
#include <utility>

#include "common/correlation_id.h"

namespace strawberry {
namespace {

constexpr std::size_t quoted_characters_max = 256;

std::optional<std::string> correlation_id_of(const RefusedAct& act) {
  if (!act.correlation_data.empty()) return std::string(act.correlation_data.substr(0, correlation_id_bytes_max));
  if (act.payload.empty()) return std::nullopt;
  return find_correlation_id(act.payload.substr(0, looked_at_for_log_bytes_max));
}

}  // namespace

std::string quoted_for_log(std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    if (quoted.size() > quoted_characters_max) return quoted + "...\"";
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\') {
      quoted += "\\x";
      quoted += digits[byte >> 4];
      quoted += digits[byte & 0x0f];
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

void RefusalLog::refused(const RefusedAct& act) {
  if (!may_write()) {
    ++dropped_;
    return;
  }
  std::string line = "refused ";
  line += act.action;
  line += " reason=" + std::string(act.reason);
  line += " client_id=" + quoted_for_log(act.client_id);
  if (act.principal) line += " principal=" + encode_principal(*act.principal);
  if (!act.topic.empty()) line += " topic=" + quoted_for_log(act.topic);
  if (!act.address.empty()) line += " address=" + quoted_for_log(act.address);
  if (const auto id = correlation_id_of(act)) line += " correlation_id=" + quoted_for_log(*id);
  broker_.log(LogLevel::notice, line);
}

void RefusalLog::tick() {
  if (dropped_ == 0) return;
  broker_.log(LogLevel::warning, std::to_string(std::exchange(dropped_, 0)) + " more refusals, not logged one by one");
}

bool RefusalLog::may_write() {
  const SteadyTime now = clock_.steady_now();
  if (now - second_began_ >= std::chrono::seconds(1)) {
    second_began_ = now;
    written_this_second_ = 0;
  }
  return written_this_second_++ < lines_per_second_max;
}

}  // namespace strawberry
