#include "common/contract/request_content.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>

#include "common/text/json_text.h"
#include "common/text/sha256.h"

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> envelope_members = {"correlation_id", "op", "timeout_ms", "v"};
constexpr double whole_max = 9007199254740992.0;  // 2^53: larger doubles cannot represent every whole number

void append_canonical(std::string& out, const json& value) {
  if (value.is_object()) {
    out += '{';
    for (const auto& [name, member] : value.get_ref<const json::object_t&>()) {  // sorted by name
      append_json(out, std::string_view(name));
      out += ':';
      append_canonical(out, member);
      out += ',';
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (const auto& item : value) {
      append_canonical(out, item);
      out += ',';
    }
    out += ']';
  } else if (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>() &&
             std::abs(value.get<double>()) <= whole_max) {
    out += std::to_string(static_cast<std::int64_t>(value.get<double>()));
  } else {
    append_json(out, value);
  }
}

}  // namespace

std::uint64_t request_content(std::string_view op, const json& body) {
  std::string text;
  append_json(text, op);
  for (const auto& [name, member] : body.get_ref<const json::object_t&>()) {
    if (std::find(envelope_members.begin(), envelope_members.end(), name) != envelope_members.end()) continue;
    append_json(text, std::string_view(name));
    text += ':';
    append_canonical(text, member);
    text += ',';
  }
  const auto digest = sha256(text);
  std::uint64_t number = 0;
  std::memcpy(&number, digest.data(), sizeof number);
  return number;
}

}  // namespace strawberry
