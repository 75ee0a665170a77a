#include "gateway/mcp/confirmation.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>

#include "common/text/base64url.h"
#include "common/text/ids.h"
#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"
#include "common/text/sha256.h"
#include "gateway/http/json.h"

namespace strawberry::gateway::mcp {
namespace {

using nlohmann::json;

constexpr unsigned answered = 200;
constexpr std::size_t arguments_shown_bytes_max = 500;

std::string digest_of(const json& arguments) {
  const Sha256 hash = sha256(to_text(arguments));
  return base64url_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::string who(const Principal& principal) {
  return std::string(to_string(principal.type)) + "/" + principal.user_id + "/" + principal.id;
}

tl::unexpected<RpcError> bad_state(const char* why) {
  return tl::unexpected(RpcError(answered, rpc_code::invalid_params,
                                 std::string("requestState ") + why + ": call the tool again without it. Nothing ran"));
}

bool is_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Confirmations::Confirmations() {
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) std::abort();  // no random bytes
}

std::string Confirmations::signature_of(std::string_view payload) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(payload.data()),
       payload.size(), bytes.data(), &size);
  return base64url_encode({reinterpret_cast<const char*>(bytes.data()), size});
}

std::string Confirmations::state_of(const Asked& asked, WallTime now) const {
  const json said{{"n", new_id()},
                  {"p", who(asked.principal)},
                  {"t", asked.tool},
                  {"a", digest_of(asked.arguments)},
                  {"e", to_unix_ms(now + confirm_timeout)}};
  const std::string payload = base64url_encode(to_text(said));
  return payload + "." + signature_of(payload);
}

tl::expected<std::string, RpcError> Confirmations::check(const std::string& state, const Asked& asked,
                                                         WallTime now) const {
  const std::size_t dot = state.find('.');
  if (state.size() > state_bytes_max || dot == std::string::npos) return bad_state("is not one of this server");
  const std::string_view payload = std::string_view(state).substr(0, dot);
  if (!is_equal(signature_of(payload), std::string_view(state).substr(dot + 1)))
    return bad_state("was not given out by this server since it started");
  const auto text_of = base64url_decode(payload);
  const json said = text_of ? json_from(*text_of) : json();
  if (text_member(said, "p") != who(asked.principal)) return bad_state("is of somebody else");
  if (text_member(said, "t") != asked.tool) return bad_state("is of another tool");
  if (text_member(said, "a") != digest_of(asked.arguments)) return bad_state("is of other arguments");
  if (to_unix_ms(now) >= said.value("e", std::int64_t{0})) return bad_state("has expired");
  return text_member(said, "n");
}

json input_required(const json& question, std::string state) {
  const std::string device = text_member(question, "device");
  const json arguments = member(question, "arguments");
  std::string message = "Allow " + text_member(question, "skill_path");
  if (!device.empty()) message += " on " + device;
  if (arguments.is_object() && !arguments.empty())
    message += " with " + printable(to_text(arguments), arguments_shown_bytes_max);
  const json schema{{"type", "object"}, {"properties", json::object()}};
  json request{{"method", "elicitation/create"}};
  request["params"] = {{"mode", "form"}, {"message", message + "?"}, {"requestedSchema", schema}};
  json result{{"resultType", "input_required"}};
  result["inputRequests"][question_key] = std::move(request);
  result["requestState"] = std::move(state);
  return result;
}

PersonsAnswer answer_of_person(const json& input_responses) {
  const std::string action = text_member(member(input_responses, question_key), "action");
  if (action == "accept") return PersonsAnswer::allowed;
  return action == "decline" || action == "cancel" ? PersonsAnswer::refused : PersonsAnswer::none;
}

RpcError cannot_elicit() {
  return RpcError(http_bad_request, rpc_code::missing_client_capability,
                  "this skill asks its user first, and the client cannot ask: nothing ran",
                  {{"requiredCapabilities", {{"elicitation", json::object()}}}});
}

}  // namespace strawberry::gateway::mcp
