#include "bridge/users/user_records.h"

#include <algorithm>
#include <utility>

#include "bridge/devices/device_about.h"
#include "bridge/skills/input_schema.h"
#include "bridge/users/limit_change.h"
#include "common/contract/capability.h"
#include "common/contract/device_name.h"
#include "common/contract/principal.h"
#include "common/contract/python_name.h"
#include "common/contract/signature.h"
#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr std::size_t short_text_bytes_max = 512;
constexpr std::size_t long_text_bytes_max = 256 * 1024;
constexpr std::size_t docstring_bytes_max = 4 * 16'384;  // a registration has 16 384 characters
constexpr std::int64_t day_max = rfc3339_ms_max / 86'400'000;
/// Of requests and tokens a day: all rows that a user may have can be added up.
constexpr std::int64_t amount_max = 1'000'000'000'000;

// --- to JSON ---

json json_of(const LimitRecord& record) {
  return {{"kind", "limit"}, {"name", name_of(record.kind).name}, {"value", record.value}};
}

json json_of(const DeviceRow& device) {
  json record{{"kind", "device"},
              {"device_id", device.device_id},
              {"name", device.name},
              {"is_active", device.is_active},
              {"tokens_valid_from", device.tokens_valid_from_ms},
              {"created_at", device.created_at_ms},
              {"room", device.about.room},
              {"aliases", device.about.aliases},
              {"capabilities", device.about.capabilities},
              {"metadata", json_from(device.about.metadata)}};
  if (!record["metadata"].is_object()) record["metadata"] = json::object();
  if (device.last_seen_ms) record["last_seen"] = *device.last_seen_ms;
  if (device.skills_heartbeat_at_ms) record["skills_heartbeat_at"] = *device.skills_heartbeat_at_ms;
  return record;
}

json json_of(const SkillRecord& record) {
  const auto& skill = record.skill;
  return {{"kind", "skill"},
          {"device_id", record.device_id},
          {"position", record.position},
          {"registered_at", record.registered_ms},
          {"class_name", skill.class_name},
          {"function_name", skill.function_name},
          {"signature", skill.signature},
          {"docstring", skill.docstring},
          {"device_agnostic", skill.device_agnostic},
          {"confirm", skill.confirm},
          {"input_schema", skill.input_schema}};
}

json json_of(const SessionRow& session) {
  return {{"kind", "session"},
          {"session_id", session.session_id},
          {"device_id", session.device_id},
          {"title", session.title},
          {"is_active", session.is_active},
          {"created_at", session.created_at_ms},
          {"last_activity", session.last_activity_ms}};
}

json json_of(const MessageRecord& record) {
  json message{
      {"kind", "message"},           {"session_id", record.session_id},   {"message_id", record.message.message_id},
      {"role", record.message.role}, {"content", record.message.content}, {"created_at", record.message.created_at_ms}};
  if (record.offset > 0) message["offset"] = record.offset;
  return message;
}

json json_of(const UsageRow& usage) {
  return {{"kind", "usage"},
          {"day", usage.day},
          {"device_id", usage.device_id},
          {"provider", usage.provider},
          {"model", usage.model},
          {"estimated", usage.estimated},
          {"requests", usage.count.requests},
          {"prompt_tokens", usage.count.prompt_tokens},
          {"completion_tokens", usage.count.completion_tokens}};
}

json json_of(const ChatsRecord& record) { return {{"kind", "chats"}, {"day", record.day}, {"chats", record.chats}}; }

json json_of(const ValidFromRecord& record) {
  return {{"kind", "tokens_valid_from"}, {"at", record.tokens_valid_from_ms}};
}

json json_of(const RevokedRecord& record) {
  return {{"kind", "revoked_token"},
          {"jti", record.jti},
          {"revoked_at", record.revoked_at_ms},
          {"expires_at", record.expires_at_ms}};
}

json json_of(const SpentRecord& record) {
  return {{"kind", "spent_token"}, {"id", record.one_time_id}, {"spent_at", record.spent_at_ms}};
}

json json_of(const TokenRow& token) {
  json record{{"kind", "token"},
              {"jti", token.jti},
              {"name", token.name},
              {"type", token.type},
              {"subject", token.subject},
              {"kid", token.kid},
              {"issued_at", token.issued_at_ms},
              {"expires_at", token.expires_at_ms},
              {"parent_jti", token.parent_jti},
              {"root_jti", token.root_jti}};
  if (token.scope) record["scope"] = *token.scope;
  if (token.skills) record["skills"] = *token.skills;
  return record;
}

// --- from JSON ---

/// Reads the members of one record; the first invalid one makes the record invalid.
class RecordReader {
 public:
  RecordReader(const json& record, std::string path) : record_(record), path_(std::move(path)) {}

  std::string text(const char* name, std::size_t bytes_max = short_text_bytes_max, bool is_needed = true) {
    const auto found = record_.find(name);
    if (found == record_.end() && !is_needed) return {};
    if (found == record_.end() || !is_text(*found, bytes_max))
      return wrong(name, "a text of at most " + std::to_string(bytes_max) + " bytes without U+0000"), std::string();
    return found->get<std::string>();
  }
  std::string id(const char* name) {
    auto value = text(name, 64);
    if (!problem_ && !is_valid_id(value)) wrong(name, "an id");
    return value;
  }
  std::int64_t number(const char* name, std::int64_t max, bool is_needed = true) {
    const auto found = record_.find(name);
    if (found == record_.end() && !is_needed) return 0;
    const bool fits = found != record_.end() && found->is_number_integer() && *found >= 0 && *found <= max;
    if (!fits) return wrong(name, "a whole number from 0 to " + std::to_string(max)), 0;
    return found->get<std::int64_t>();
  }
  std::int64_t time(const char* name) { return number(name, rfc3339_ms_max); }
  /// A name as Python keeps it.
  std::string identifier(const char* name) {
    auto value = text(name);
    if (!problem_ && (python_identifier(value) != value || value.empty() || is_python_keyword(value)))
      wrong(name, "a name that Python has");
    return value;
  }
  bool flag(const char* name) {
    const auto found = record_.find(name);
    if (found == record_.end() || !found->is_boolean()) return wrong(name, "true or false"), false;
    return found->get<bool>();
  }
  std::vector<std::string> texts(const char* name, std::size_t count_max) {
    std::vector<std::string> all;
    const auto found = record_.find(name);
    if (found == record_.end()) return all;
    const auto fits = [](const json& each) { return is_text(each, device_name_bytes_max); };
    if (!found->is_array() || found->size() > count_max || !std::all_of(found->begin(), found->end(), fits))
      return wrong(name, "at most " + std::to_string(count_max) + " texts"), all;
    for (const auto& each : *found) all.push_back(each.get<std::string>());
    return all;
  }
  const json* object(const char* name, std::size_t bytes_max) {
    const auto found = record_.find(name);
    if (found == record_.end()) return nullptr;
    if (found->is_object() && found->dump().size() <= bytes_max) return &*found;
    return wrong(name, "an object of at most " + std::to_string(bytes_max) + " bytes"), nullptr;
  }
  bool has(const char* name) const { return record_.contains(name); }
  const std::string& path() const { return path_; }

  void wrong(const char* name, const std::string& wanted) {
    if (problem_) return;
    problem_ = Error{ErrorCode::bad_request, std::string(name) + " is not " + wanted, {{"path", path_ + "/" + name}}};
  }
  void refuse(Error problem) {
    if (!problem_) problem_ = std::move(problem);
  }
  /// What was read, or why it is none.
  template <class T>
  Reply<UserRecord> finish(T&& read) {
    if (problem_) return tl::unexpected<Error>(std::move(*problem_));
    return UserRecord(std::forward<T>(read));
  }

 private:
  /// Behind U+0000 some of those who read a text see nothing.
  static bool is_text(const json& value, std::size_t bytes_max) {
    if (!value.is_string()) return false;
    const auto& text = value.get_ref<const std::string&>();
    return text.size() <= bytes_max && text.find('\0') == std::string::npos;
  }

  const json& record_;
  const std::string path_;
  std::optional<Error> problem_;
};

Reply<UserRecord> read_limit(RecordReader reader) {
  LimitRecord record;
  const auto kind = parse_limit(reader.text("name"));
  if (!kind) reader.wrong("name", "a limit");
  record.kind = kind.value_or(LimitKind::devices);
  record.value = reader.number("value", limit_max);
  return reader.finish(record);
}

Reply<UserRecord> read_device_record(RecordReader reader) {
  DeviceRow device;
  device.device_id = reader.id("device_id");
  // As in a registration: the hub's own principals would be shut out by a device of their id.
  if (is_reserved_id(device.device_id))
    reader.refuse({ErrorCode::forbidden, "this device_id is taken", {{"path", reader.path() + "/device_id"}}});
  device.name = reader.text("name", 140);
  device.normalized_name = normalize_device_name(device.name);
  if (device.normalized_name.empty() || device.normalized_name == "hub") reader.wrong("name", "a device's name");
  device.is_active = reader.flag("is_active");
  device.tokens_valid_from_ms = reader.time("tokens_valid_from");
  device.created_at_ms = reader.time("created_at");
  if (reader.has("last_seen")) device.last_seen_ms = reader.time("last_seen");
  if (reader.has("skills_heartbeat_at")) device.skills_heartbeat_at_ms = reader.time("skills_heartbeat_at");
  device.about.room = reader.text("room", device_name_bytes_max, /*is_needed=*/false);
  if (!device.about.room.empty() && !can_name_a_device(device.about.room)) reader.wrong("room", "a room's name");
  device.about.aliases = reader.texts("aliases", device_aliases_max);
  if (!std::all_of(device.about.aliases.begin(), device.about.aliases.end(), can_name_a_device))
    reader.wrong("aliases", "names of a device");
  device.about.capabilities = reader.texts("capabilities", device_capabilities_max);
  for (const auto& capability : device.about.capabilities)
    if (!parse_capability(capability)) reader.wrong("capabilities", "capabilities with versions");
  if (const json* metadata = reader.object("metadata", device_metadata_bytes_max)) {
    device.about.metadata = metadata->dump();
    if (json_nests_deeper_than(device.about.metadata, device_metadata_depth_max))
      reader.wrong("metadata", "an object of at most " + std::to_string(device_metadata_depth_max) + " levels");
  }
  return reader.finish(std::move(device));
}

/// The schema as a registration stores it: it was bounded and checked there, and the file may be anybody's.
void read_schema(RecordReader& reader, const Signature& signature, SkillRow& skill) {
  const auto written = reader.text("input_schema", 16 * 1024, /*is_needed=*/false);
  if (written.empty()) return;
  const bool is_flat = !json_nests_deeper_than(written, 64);
  json entry{{"input_schema", is_flat ? json_from(written) : json()}};
  if (!entry["input_schema"].is_object()) return reader.wrong("input_schema", "the text of a JSON Schema");
  auto schema = read_input_schema(entry, signature, reader.path());
  if (!schema) return reader.refuse(std::move(schema.error()));
  skill.input_schema = std::move(*schema);
}

Reply<UserRecord> read_skill(RecordReader reader) {
  constexpr std::int64_t position_max = 10'000;
  SkillRecord record;
  record.device_id = reader.id("device_id");
  record.position = reader.number("position", position_max);
  record.registered_ms = reader.time("registered_at");
  record.skill.class_name = reader.identifier("class_name");
  record.skill.function_name = reader.identifier("function_name");
  record.skill.signature = reader.text("signature", 2048);
  const auto signature = parse_signature(record.skill.signature);
  if (!signature || signature->function_name != record.skill.function_name)
    reader.wrong("signature", "the signature of function_name");
  record.skill.docstring = reader.text("docstring", docstring_bytes_max);
  record.skill.device_agnostic = reader.flag("device_agnostic");
  record.skill.confirm = reader.flag("confirm");
  if (signature) read_schema(reader, *signature, record.skill);
  return reader.finish(std::move(record));
}

Reply<UserRecord> read_session_record(RecordReader reader) {
  SessionRow session;
  session.session_id = reader.id("session_id");
  session.device_id = reader.text("device_id", 64);
  session.title = reader.text("title", 1024);
  session.is_active = reader.flag("is_active");
  session.created_at_ms = reader.time("created_at");
  session.last_activity_ms = reader.time("last_activity");
  return reader.finish(std::move(session));
}

Reply<UserRecord> read_message_record(RecordReader reader) {
  MessageRecord record;
  record.session_id = reader.id("session_id");
  record.offset = reader.number("offset", INT64_MAX, /*is_needed=*/false);
  record.message.message_id = reader.id("message_id");
  record.message.role = reader.text("role");
  if (record.message.role != "user" && record.message.role != "assistant") reader.wrong("role", "user or assistant");
  record.message.content = reader.text("content", long_text_bytes_max);
  record.message.created_at_ms = reader.time("created_at");
  return reader.finish(std::move(record));
}

Reply<UserRecord> read_usage(RecordReader reader) {
  UsageRow usage;
  usage.day = reader.number("day", day_max);
  usage.device_id = reader.text("device_id", 64);
  usage.provider = reader.text("provider");
  usage.model = reader.text("model");
  usage.estimated = reader.flag("estimated");
  usage.count = {reader.number("requests", amount_max), reader.number("prompt_tokens", amount_max),
                 reader.number("completion_tokens", amount_max)};
  return reader.finish(std::move(usage));
}

Reply<UserRecord> read_token(RecordReader reader) {
  TokenRow token;
  token.jti = reader.text("jti");
  token.name = reader.text("name");
  token.type = reader.text("type");
  const bool is_of_user =
      token.type == "device" || token.type == "user" || token.type == "enroll" || token.type == "grant";
  if (!is_of_user) reader.wrong("type", "device, user, enroll or grant");
  token.subject = reader.text("subject");
  token.kid = reader.text("kid");
  token.issued_at_ms = reader.time("issued_at");
  token.expires_at_ms = reader.time("expires_at");
  token.parent_jti = reader.text("parent_jti");
  token.root_jti = reader.text("root_jti");
  if (reader.has("scope")) token.scope = reader.text("scope");
  if (reader.has("skills")) token.skills = reader.text("skills", 16 * 1024);
  return reader.finish(std::move(token));
}

}  // namespace

json to_json(const UserRecord& record) {
  return std::visit([](const auto& each) { return json_of(each); }, record);
}

Reply<UserRecord> read_record(const json& record, const std::string& path) {
  const auto found = record.find("kind");
  const std::string kind = found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
  RecordReader reader(record, path);
  if (kind == "limit") return read_limit(std::move(reader));
  if (kind == "device") return read_device_record(std::move(reader));
  if (kind == "skill") return read_skill(std::move(reader));
  if (kind == "session") return read_session_record(std::move(reader));
  if (kind == "message") return read_message_record(std::move(reader));
  if (kind == "usage") return read_usage(std::move(reader));
  if (kind == "token") return read_token(std::move(reader));
  if (kind == "chats") {
    const ChatsRecord chats{reader.number("day", day_max), reader.number("chats", amount_max)};
    return reader.finish(chats);
  }
  if (kind == "tokens_valid_from") return reader.finish(ValidFromRecord{reader.time("at")});
  if (kind == "revoked_token") {
    RevokedRecord revoked{reader.text("jti"), reader.time("revoked_at"), reader.time("expires_at")};
    return reader.finish(std::move(revoked));
  }
  if (kind == "spent_token") {
    SpentRecord spent{reader.id("id"), reader.time("spent_at")};
    return reader.finish(std::move(spent));
  }
  return error(ErrorCode::bad_request, "there is no record of this kind: " + printable(kind, 64),
               {{"path", path + "/kind"}});
}

bool is_head(const json& record) { return record.is_object() && record.value("kind", json()) == "user"; }

std::optional<Error> objection_to_format(const json& head, const std::string& path) {
  const auto format = head.find("format");
  if (format != head.end() && format->is_number_integer() && *format >= 1 && *format <= export_format)
    return std::nullopt;
  return Error{
      ErrorCode::bad_request,
      "this export has a format that this hub does not know (it reads up to " + std::to_string(export_format) + ")",
      {{"path", path + "/format"}}};
}

}  // namespace strawberry::bridge
