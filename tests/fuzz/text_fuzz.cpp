// The small functions through which every stranger's text goes: what they make of it can be read back, printed, or is
// refused.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "broker-plugin/refusal_log.h"
#include "common/contract/device_name.h"
#include "common/contract/principal.h"
#include "common/contract/topics.h"
#include "common/text/base64url.h"
#include "common/text/ids.h"
#include "common/text/json_depth.h"
#include "common/text/strict_json.h"
#include "tests/fuzz/require.h"

namespace strawberry::test {
namespace {

constexpr std::size_t quoted_bytes_max = 256 + 8;

bool is_printable(char c) { return c >= 0x20 && c <= 0x7e; }

/// Undoes `\xNN`.
std::string unquoted(std::string_view quoted) {
  std::string text;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] != '\\') {
      text += quoted[i];
      continue;
    }
    FUZZ_REQUIRE(i + 4 < quoted.size() && quoted[i + 1] == 'x');
    text += static_cast<char>(std::stoi(std::string(quoted.substr(i + 2, 2)), nullptr, 16));
    i += 3;
  }
  return text;
}

void require_printable_in_logs(std::string_view text) {
  const std::string quoted = plugin::quoted_for_log(text);
  FUZZ_REQUIRE(quoted.size() >= 2 && quoted.size() <= quoted_bytes_max);
  FUZZ_REQUIRE(std::all_of(quoted.begin(), quoted.end(), is_printable));
  FUZZ_REQUIRE(quoted.front() == '"' && quoted.find('"', 1) == quoted.size() - 1);
  const std::string shown = unquoted(quoted);
  if (shown != text) {
    FUZZ_REQUIRE(shown.ends_with("...") && text.starts_with(shown.substr(0, shown.size() - 3)));
  }
}

void require_one_text_for_bytes(std::string_view text) {
  FUZZ_REQUIRE(base64url_decode(base64url_encode(text)) == text);
  if (const auto bytes = base64url_decode(text)) FUZZ_REQUIRE(base64url_encode(*bytes) == text);
}

void require_names_settled(std::string_view text) {
  const std::string name = normalize_device_name(text);
  FUZZ_REQUIRE(name.size() <= text.size() * 18);  // the longest compatibility decomposition
  FUZZ_REQUIRE(std::all_of(name.begin(), name.end(),
                           [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }));
  FUZZ_REQUIRE(!name.starts_with('_') && !name.ends_with('_') && name.find("__") == std::string::npos);
  FUZZ_REQUIRE(normalize_device_name(name) == name);
}

void require_grammar(std::string_view text) {
  if (const auto principal = decode_principal(text)) {
    FUZZ_REQUIRE(encode_principal(*principal) == text && is_valid_id(principal->id));
  }
  const auto topic = parse_service_topic(text);
  if (topic) {
    FUZZ_REQUIRE(is_valid_id(topic->id) && !topic->rest.empty());
    std::string joined(to_string(topic->service));
    joined.append("/").append(topic->id).append("/").append(topic->rest);
    FUZZ_REQUIRE(joined == text);
    if (is_response_topic(text, topic->service, topic->id)) {
      FUZZ_REQUIRE(std::all_of(text.begin(), text.end(), is_printable));
      FUZZ_REQUIRE(text.find_first_of("+#") == std::string_view::npos && text.find("//") == std::string_view::npos);
    }
  }
  for (const Service service : {Service::skills, Service::chat, Service::sessions, Service::devices}) {
    if (!topic || topic->service != service) FUZZ_REQUIRE(!is_response_topic(text, service, "speaker"));
  }
}

std::size_t members_in(const nlohmann::json& value) {
  std::size_t count = value.is_object() ? value.size() : 0;
  for (const auto& element : value) {
    if (element.is_structured()) count += members_in(element);
  }
  return count;
}

/// As many as there are names in the text, when none is there twice.
std::size_t names_in(std::string_view text) {
  std::size_t count = 0;
  const auto callback = [&count](int, nlohmann::json::parse_event_t event, const nlohmann::json&) {
    if (event == nlohmann::json::parse_event_t::key) ++count;
    return true;
  };
  [[maybe_unused]] const auto parsed = nlohmann::json::parse(text, callback, false);
  return count;
}

void require_one_reading(std::string_view text) {
  constexpr std::size_t depth_max = 8;
  for (std::size_t depth = 1; depth < 16; ++depth) {
    if (json_nests_deeper_than(text, depth)) FUZZ_REQUIRE(json_nests_deeper_than(text, depth - 1));
  }
  const auto object = parse_strict_object(text, depth_max);
  if (!object) return;
  FUZZ_REQUIRE(object->is_object() && !json_nests_deeper_than(text, depth_max));
  FUZZ_REQUIRE(text.find('\0') == std::string_view::npos);
  FUZZ_REQUIRE(members_in(*object) == names_in(text));
  const std::string written = object->dump();
  FUZZ_REQUIRE(!json_nests_deeper_than(written, depth_max));
  FUZZ_REQUIRE(parse_strict_object(written, depth_max) == object);
}

}  // namespace
}  // namespace strawberry::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  strawberry::test::require_printable_in_logs(text);
  strawberry::test::require_one_text_for_bytes(text);
  strawberry::test::require_names_settled(text);
  strawberry::test::require_grammar(text);
  strawberry::test::require_one_reading(text);
  return 0;
}
