#include "common/contract/argument_check.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "common/contract/schemas/complaint.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::size_t expected_bytes_max = 400;
constexpr std::size_t place_bytes_max = 200;
constexpr double whole_max = 9007199254740992.0;  // 2^53: larger doubles cannot represent every whole number

std::string name_of_type(const std::string& type) {
  if (type == "string") return "text";
  if (type == "integer") return "a whole number";
  if (type == "number") return "a number";
  if (type == "boolean") return "true or false";
  if (type == "array") return "an array";
  if (type == "object") return "an object";
  return type;
}

std::string type_of(const json& value) {
  if (value.is_number_float()) return "a number with a fraction";
  if (value.is_number()) return "a whole number";
  return name_of_type(value.type_name());
}

std::string expected_by(const json& schema) {
  std::string text;
  const auto add = [&text](const std::string& each) {
    if (text.size() < expected_bytes_max) text += (text.empty() ? "" : " or ") + each;
  };
  if (const auto any = schema.find("anyOf"); any != schema.end()) {
    for (const auto& each : *any) add(expected_by(each));
  } else if (const auto values = schema.find("enum"); values != schema.end()) {
    for (const auto& each : *values) add(printable(to_text(each), 100));
  } else if (const auto type = schema.find("type"); type != schema.end()) {
    add(name_of_type(type->get<std::string>()));
  }
  return text.empty() ? "anything" : text;
}

/// One mismatch, kept without a sentence: checking a union produces many.
struct Misfit {
  const json* schema;
  const json* value;
  std::string below;  // its JSON Pointer below the value that is checked
};
using Misfits = std::optional<Misfit>;

bool has_type(const json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "array") return value.is_array();
  return type == "object" && value.is_object();
}

void make_whole(json& value) {
  if (!value.is_number_float()) return;
  const double number = value.get<double>();
  if (std::trunc(number) == number && std::abs(number) <= whole_max) value = static_cast<std::int64_t>(number);
}

Misfits misfit(const json& schema, json& value);

Misfits inside(const json& schema, json& value, const std::string& place) {
  auto found = misfit(schema, value);
  if (found) found->below = place + found->below;
  return found;
}

Misfits misfit_of_members(const json& schema, json& value) {
  if (const auto items = schema.find("items"); items != schema.end() && value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (auto found = inside(*items, value[i], "/" + std::to_string(i))) return found;
    }
  }
  const auto values = schema.find("additionalProperties");
  if (values == schema.end() || !values->is_object() || !value.is_object()) return std::nullopt;
  for (auto member = value.begin(); member != value.end(); ++member) {
    if (auto found = inside(*values, member.value(), json_pointer({member.key()}))) return found;
  }
  return std::nullopt;
}

Misfits misfit_of_all(const json& schemas, json& value, const Misfit& otherwise) {
  Misfits deepest;  // mismatches inside a member that fits so far: they say more
  for (const auto& each : schemas) {
    auto found = misfit(each, value);
    if (!found) return std::nullopt;
    if (!found->below.empty()) deepest = std::move(found);
  }
  return deepest ? deepest : Misfits(otherwise);
}

Misfits misfit_of_type(const json& schema, json& value) {
  const Misfit whole{&schema, &value, {}};
  if (const auto any = schema.find("anyOf"); any != schema.end()) return misfit_of_all(*any, value, whole);
  if (const auto values = schema.find("enum"); values != schema.end()) {
    const auto listed = std::find(values->begin(), values->end(), value);
    if (listed == values->end()) return whole;
    value = *listed;  // 1, also where 1.0 was sent
    return std::nullopt;
  }
  const auto type = schema.find("type");
  if (type == schema.end()) return std::nullopt;
  const auto& name = type->get_ref<const std::string&>();
  if (name == "integer") make_whole(value);
  if (!has_type(value, name)) return whole;
  return misfit_of_members(schema, value);
}

Misfits misfit(const json& schema, json& value) {
  const auto by_default = schema.find("default");
  const bool is_default = by_default != schema.end() && *by_default == value;
  auto found = misfit_of_type(schema, value);  // also of the default: its 5.0 is sent as 5
  // `volume: int = None` says more about who wrote it than about None.
  if (is_default) return std::nullopt;
  return found;
}

}  // namespace

Reply<void> check_argument(const json& schema, json& value, const std::string& name) {
  return check_value(schema, value, json_pointer({name}));
}

Reply<void> check_value(const json& schema, json& value, const std::string& where) {
  const auto found = misfit(schema, value);
  if (!found) return {};
  const auto place = printable(where + found->below, place_bytes_max);
  return error(ErrorCode::bad_request,
               "the argument at " + place + " must be " + printable(expected_by(*found->schema), expected_bytes_max) +
                   " and is " + type_of(*found->value),
               {{"path", place}});
}

}  // namespace strawberry
