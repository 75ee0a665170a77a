#include "bridge/llm/wire_json.h"

#include <algorithm>

#include "bridge/llm/retry_after.h"
#include "bridge/protocol/text.h"
#include "common/json_depth.h"

namespace strawberry {

using nlohmann::json;

std::optional<json> parse_wire(std::string_view text) {
  if (json_nests_deeper_than(text, wire_depth_max)) return std::nullopt;
  auto parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return std::nullopt;
  return parsed;
}

const json* member(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string string_at(const json& object, const char* key) {
  const json* found = member(object, key);
  return found && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t count_at(const json& object, const char* key) {
  const json* count = member(object, key);
  if (!count || !count->is_number_integer()) return 0;
  // Above what is signed it would wrap around.
  if (count->is_number_unsigned())
    return static_cast<std::int64_t>(std::min<std::uint64_t>(count->get<std::uint64_t>(), count_max));
  return std::clamp<std::int64_t>(count->get<std::int64_t>(), 0, count_max);
}

std::string arguments_text(const json* arguments) {
  if (!arguments || arguments->is_null()) return "{}";
  if (!arguments->is_string()) return arguments->dump();
  const auto text = arguments->get<std::string>();
  return text.empty() ? "{}" : text;
}

namespace {

const json* error_of(const json& body) {
  const json& object = body.is_array() && !body.empty() ? body.front() : body;
  const json* error = member(object, "error");
  return error && !error->is_null() ? error : nullptr;
}

}  // namespace

std::optional<std::string> error_said(const json& body) {
  const json* error = error_of(body);
  if (!error) return std::nullopt;
  return error->is_string() ? error->get<std::string>() : string_at(*error, "message");
}

int error_status(const json& body) {
  const json* error = error_of(body);
  if (!error) return 0;
  if (const auto code = count_at(*error, "code"); code >= 400 && code <= 599) return static_cast<int>(code);
  constexpr std::pair<std::string_view, int> types[] = {{"invalid_request_error", 400}, {"authentication_error", 401},
                                                        {"billing_error", 402},         {"permission_error", 403},
                                                        {"not_found_error", 404},       {"request_too_large", 413},
                                                        {"rate_limit_error", 429},      {"api_error", 500},
                                                        {"server_error", 500},          {"timeout_error", 504},
                                                        {"overloaded_error", 529}};
  const auto type = string_at(*error, "type");
  for (const auto& [name, status] : types)
    if (type == name) return status;
  return 0;
}

/// Twice, as escaping makes it longer.
std::string shown_text(std::string_view said) { return printable(printable(said, said_bytes_max), said_bytes_max); }

tl::unexpected<ProviderError> wire_error(std::string reason, int status, std::string message) {
  ProviderError error;
  error.reason = std::move(reason);
  error.status = status;
  error.message = std::move(message);
  return tl::unexpected<ProviderError>(std::move(error));
}

tl::unexpected<ProviderError> reported_error(const json& body, int otherwise) {
  const int status = error_status(body);
  return wire_error("error", status != 0 ? status : otherwise,
                    "reported an error: " + shown_text(error_said(body).value_or("")));
}

Result<json, ProviderError> successful_json(const HttpResponse& response) {
  auto body = parse_wire(response.body);
  const auto said = body ? error_said(*body) : std::nullopt;
  if (response.status < 200 || response.status > 299) {
    auto failed = wire_error("status", response.status,
                             "HTTP " + std::to_string(response.status) +
                                 (said && !said->empty() ? ": " + shown_text(*said) : std::string()));
    failed.value().retry_after = retry_after_of(response);
    return failed;
  }
  if (!body) {
    const auto first = response.body.find_first_not_of(" \t\r\n");
    const bool is_markup = first != std::string::npos && response.body[first] == '<';
    return wire_error("bad_reply", response.status,
                      is_markup ? "answered with a web page: is base_url right?" : "answered with no JSON");
  }
  if (said) return reported_error(*body, response.status);
  return std::move(*body);
}

}  // namespace strawberry
