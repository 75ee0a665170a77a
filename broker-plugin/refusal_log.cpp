#include "broker-plugin/refusal_log.h"

#include "common/contract/correlation_id.h"
#include "common/text/hex.h"
#include "common/text/ids.h"

namespace strawberry::plugin {
namespace {

constexpr std::size_t quoted_characters_max = 256;

std::optional<std::string> correlation_id_of(const RefusedAct& act) {
  if (!act.correlation_data.empty()) return std::string(act.correlation_data.substr(0, correlation_id_bytes_max));
  if (act.payload.empty()) return std::nullopt;
  return find_correlation_id(act.payload.substr(0, looked_at_for_log_bytes_max));
}

}  // namespace

std::string quoted_for_log(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (quoted.size() > quoted_characters_max) return quoted + "...\"";
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\') {
      quoted += "\\x";
      append_hex(quoted, c);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

void RefusalLog::refused(const RefusedAct& act) {
  if (!budget_.take()) return;
  std::string line = "refused ";
  line += act.action;
  line += " reason=" + std::string(act.reason);
  line += " client_id=" + quoted_for_log(act.client_id);
  if (act.principal) line += " principal=" + encode_principal(*act.principal);
  if (!act.topic.empty()) line += " topic=" + quoted_for_log(act.topic);
  if (!act.address.empty()) line += " address=" + quoted_for_log(act.address);
  if (const auto id = correlation_id_of(act)) line += " correlation_id=" + quoted_for_log(*id);
  broker_.log(LogLevel::notice, line);
  audit(act);
}

/// A client id that is none may be anything, for instance the token in the wrong field.
void RefusalLog::audit(const RefusedAct& act) {
  const std::string action = "broker." + std::string(act.action);
  AuditLine line;
  if (act.principal) line.actor = act.principal->id;
  line.action = action;
  line.subject = act.topic;
  line.outcome = "forbidden";
  line.reason = act.reason;
  if (is_valid_id(act.client_id)) line.client_id = act.client_id;
  line.address = act.address;
  broker_.publish(audit_topic, write_audit(line, clock_.wall_now()));
}

void RefusalLog::tick() {
  const std::uint64_t left_out = budget_.take_left_out();
  if (left_out == 0) return;
  broker_.log(LogLevel::warning, std::to_string(left_out) + " more refusals, not logged one by one");
  AuditLine line;
  line.action = "broker.refusals";
  line.outcome = "forbidden";
  line.left_out = left_out;
  broker_.publish(audit_topic, write_audit(line, clock_.wall_now()));
}

}  // namespace strawberry::plugin
