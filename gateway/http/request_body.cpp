#include "gateway/http/request_body.h"

#include <algorithm>
#include <charconv>

#include "common/text/json_depth.h"
#include "common/text/json_text.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

constexpr std::size_t request_levels_max = 64;  // the contract's
constexpr std::size_t correlation_id_bytes_max = 128;

}  // namespace

tl::expected<json, Problem> read_json_object(const Request& request) {
  const auto bad = [](std::string why) { return tl::unexpected(Problem{400, "bad_request", std::move(why)}); };
  if (request.body.empty()) return json::object();
  if (json_nests_deeper_than(request.body, request_levels_max)) return bad("the body nests too deep");
  // The parser would stop at a NUL.
  if (request.body.find('\0') != std::string::npos) return bad("the body is not JSON");
  json body = json_from(request.body);
  if (body.is_discarded()) return bad("the body is not JSON");
  if (!body.is_object()) return bad("the body is not a JSON object");
  return body;
}

std::optional<Problem> name_request(const Request& request, json& body) {
  const std::string_view key = request.header("idempotency-key");
  const bool is_plain = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!is_plain || key.size() > correlation_id_bytes_max) {
    return problem(400, "bad_request", "Idempotency-Key must be at most 128 printable ASCII characters without spaces");
  }
  const auto id = body.find("correlation_id");
  const bool is_given = id != body.end() && !id->is_null();
  if (is_given && (!id->is_string() || id->get_ref<const std::string&>().size() > correlation_id_bytes_max)) {
    return problem(400, "bad_request", "correlation_id must be a string of at most 128 bytes", "/correlation_id");
  }
  if (!key.empty()) body["correlation_id"] = key;
  return std::nullopt;
}

std::optional<Problem> add_number(const Request& request, const std::string& name, json& body) {
  const auto given = request.parameter(name);
  if (!given) return std::nullopt;
  std::int64_t value = 0;
  const char* const all = given->data() + given->size();
  const auto [end, failed] = std::from_chars(given->data(), all, value);
  if (failed != std::errc() || end != all) {
    return problem(400, "bad_request", name + " is not a whole number", "/" + name);
  }
  body[name] = value;
  return std::nullopt;
}

}  // namespace strawberry::gateway
