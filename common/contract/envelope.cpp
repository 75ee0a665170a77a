#include "common/contract/envelope.h"

#include <utility>

#include "common/contract/bounded_json.h"
#include "common/text/json_text.h"

namespace strawberry {
namespace {

using nlohmann::json;

Error bad_request(std::string message, std::string path) {
  return {ErrorCode::bad_request, std::move(message), {{"path", std::move(path)}}};
}

std::optional<Error> check_version(const json& body) {
  const auto version = body.find("v");
  if (version == body.end()) return std::nullopt;
  if (!version->is_number()) return bad_request("v must be a number", "/v");
  if (*version == protocol_version) return std::nullopt;
  return Error{ErrorCode::unsupported_version, "this hub speaks version 1", {{"supported", {protocol_version}}}};
}

std::optional<Error> read_timeout(const json& body, Envelope& envelope) {
  const auto timeout = body.find("timeout_ms");
  if (timeout == body.end()) return std::nullopt;
  if (timeout->is_number_unsigned()) {
    const auto ms = timeout->get<std::uint64_t>();
    if (ms >= 1 && ms <= static_cast<std::uint64_t>(timeout_max.count())) {
      envelope.timeout = std::chrono::milliseconds(ms);
      return std::nullopt;
    }
  }
  return bad_request("timeout_ms must be an integer from 1 to " + std::to_string(timeout_max.count()), "/timeout_ms");
}

std::optional<Error> read_op(Service service, const json& body, Envelope& envelope) {
  if (const auto op = body.find("op"); op != body.end()) {
    if (!op->is_string()) return bad_request("op must be a string", "/op");
    envelope.op = op->get<std::string>();
    return std::nullopt;
  }
  if (service == Service::skills && body.contains("skill_path")) {
    envelope.op = "call";
  } else if (service == Service::chat) {
    envelope.op = body.contains("input") && !body.contains("messages") ? "inference" : "complete";
  } else {
    return bad_request("op is missing", "/op");
  }
  return std::nullopt;
}

}  // namespace

tl::expected<Envelope, Rejection> read_envelope(Service service, std::string_view payload,
                                                std::size_t payload_bytes_max) {
  const auto reject = [](Error error, std::optional<std::string> correlation_id) {
    return tl::unexpected<Rejection>(Rejection{std::move(error), std::move(correlation_id)});
  };
  if (payload.size() > payload_bytes_max) {
    Error error{ErrorCode::too_large,
                "a request has at most " + std::to_string(payload_bytes_max) + " bytes",
                {{"bytes", payload.size()}, {"bytes_max", payload_bytes_max}}};
    return reject(std::move(error), find_correlation_id(payload));
  }
  Envelope envelope;
  envelope.body = parse_bounded_json(payload, payload_bytes_max);
  const json& body = envelope.body;
  if (body.is_discarded()) {
    const auto why = nests_too_deep(payload) ? "JSON nests at most " + std::to_string(depth_max) + " levels deep"
                                             : std::string("the payload is not JSON");
    return reject(bad_request(why, ""), find_correlation_id(payload));
  }
  if (!body.is_object()) return reject(bad_request("the payload is not a JSON object", ""), std::nullopt);

  if (const auto id = body.find("correlation_id"); id != body.end() && !id->is_null()) {
    if (!id->is_string() || id->get_ref<const std::string&>().size() > correlation_id_bytes_max) {
      const auto bytes = std::to_string(correlation_id_bytes_max);
      return reject(bad_request("correlation_id must be a string of at most " + bytes + " bytes", "/correlation_id"),
                    std::nullopt);
    }
    if (!id->get_ref<const std::string&>().empty()) envelope.correlation_id = id->get<std::string>();
  }
  auto problem = check_version(body);
  if (!problem) problem = read_timeout(body, envelope);
  if (!problem) problem = read_op(service, body, envelope);
  if (problem) return reject(std::move(*problem), envelope.correlation_id);
  return envelope;
}

std::string request_identity(const Principal& sender, Service service, const std::optional<std::string>& correlation_id,
                             const std::optional<std::string>& correlation_data) {
  const bool has_id = correlation_id && !correlation_id->empty();
  const bool has_data = correlation_data && !correlation_data->empty();
  if (!has_id && !has_data) return {};
  std::string identity = encode_principal(sender);
  identity += '\n';
  identity += to_string(service);
  // The prefix keeps correlation ids and Correlation Data apart.
  identity += has_id ? "\nid " : "\ndata ";
  identity += has_id ? *correlation_id : *correlation_data;
  return identity;
}

namespace {

JsonObject begin(const std::optional<std::string>& correlation_id) {
  JsonObject out;
  out.add("v", protocol_version);
  correlation_id ? out.add("correlation_id", *correlation_id) : out.add("correlation_id", nullptr);
  return out;
}

}  // namespace

std::string write_reply(const std::optional<std::string>& correlation_id, const Reply<json>& reply) {
  auto out = begin(correlation_id);
  out.add("success", reply.has_value());
  if (reply) return out.add("result", *reply).add("error", nullptr).text();
  return out.add("result", nullptr).add("error", to_json(reply.error())).text();
}

std::string write_event(const std::optional<std::string>& correlation_id, std::uint64_t seq, const std::string& event,
                        const json& data) {
  return begin(correlation_id).add("seq", seq).add("event", event).add("data", data).text();
}

}  // namespace strawberry
