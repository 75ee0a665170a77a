#include "gateway/oauth/clients.h"

#include <utf8proc.h>

#include <algorithm>

#include "common/text/base64url.h"
#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "common/text/sha256.h"
#include "gateway/http/json.h"
#include "gateway/oauth/redirects.h"
#include "gateway/oauth/scope.h"

namespace strawberry::gateway::oauth {
namespace {

using nlohmann::json;

/// Prefix of ids that contain their registration.
constexpr std::string_view registered_prefix = "c1-";
constexpr std::size_t mark_characters = 16;
constexpr std::size_t levels_max = 4;

tl::unexpected<RegistrationError> bad(const char* code, std::string message) {
  return tl::unexpected(RegistrationError{code, std::move(message)});
}

/// True if the text is displayed as written: no control characters, and none that change the direction of the text.
bool is_shown_as_written(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t character = 0;
    const auto length = utf8proc_iterate(bytes, left, &character);
    if (length <= 0) return false;
    const auto category = utf8proc_category(character);
    if (category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_ZL ||
        category == UTF8PROC_CATEGORY_ZP || category == UTF8PROC_CATEGORY_CN) {
      return false;
    }
    bytes += length;
    left -= length;
  }
  return true;
}

/// True if the list is absent or contains `wanted`.
bool lists(const json& metadata, const char* name, const char* wanted) {
  const auto found = metadata.find(name);
  if (found == metadata.end() || found->is_null()) return true;
  return found->is_array() && std::any_of(found->begin(), found->end(), [&](const json& one) { return one == wanted; });
}

Result<Client, RegistrationError> read(const json& metadata, const char* name_key, const char* redirects_key) {
  Client client;
  const auto redirects = metadata.find(redirects_key);
  if (redirects == metadata.end() || !redirects->is_array() || redirects->empty() ||
      redirects->size() > client_redirects_max) {
    return bad("invalid_redirect_uri", "redirect_uris must be a list of 1 to " + std::to_string(client_redirects_max));
  }
  for (const json& uri : *redirects) {
    if (!uri.is_string() || !is_redirect_uri(uri.get_ref<const std::string&>())) {
      return bad("invalid_redirect_uri",
                 "a redirect_uri must be https, http to 127.0.0.1, [::1] or localhost, or a program's own scheme; "
                 "without user and fragment, of at most " +
                     std::to_string(redirect_uri_bytes_max) + " bytes");
    }
    client.redirects.push_back(uri.get<std::string>());
  }
  const auto name = metadata.find(name_key);
  if (name != metadata.end() && !name->is_null()) {
    if (!name->is_string() || name->get_ref<const std::string&>().size() > client_name_bytes_max ||
        !is_shown_as_written(name->get_ref<const std::string&>())) {
      return bad("invalid_client_metadata", "client_name must be text of at most " +
                                                std::to_string(client_name_bytes_max) +
                                                " bytes without control and formatting characters");
    }
    client.name = name->get<std::string>();
  }
  if (client.name.find_first_not_of(' ') == std::string::npos) client.name = redirect_host(client.redirects.front());
  return client;
}

}  // namespace

bool Client::has_redirect(std::string_view uri) const {
  return std::any_of(redirects.begin(), redirects.end(),
                     [&](const std::string& one) { return is_same_redirect(one, uri); });
}

Result<Client, RegistrationError> register_client(const json& metadata) {
  if (!lists(metadata, "response_types", "code") || !lists(metadata, "grant_types", "authorization_code"))
    return bad("invalid_client_metadata", "only response_type code and grant_type authorization_code are served");
  auto client = read(metadata, "client_name", "redirect_uris");
  if (!client) return client;
  client->id =
      std::string(registered_prefix) + base64url_encode(to_text(json{{"n", client->name}, {"r", client->redirects}}));
  if (client->id.size() > client_id_bytes_max) return bad("invalid_client_metadata", "the metadata is too long");
  return client;
}

Result<Client> client_of(std::string_view id) {
  const auto unknown = [] { return fail("the client is not known: it must register first"); };
  if (id.size() > client_id_bytes_max || !id.starts_with(registered_prefix)) return unknown();
  const auto text = base64url_decode(id.substr(registered_prefix.size()));
  if (!text || json_nests_deeper_than(*text, levels_max)) return unknown();
  const json metadata = json_from(*text);
  if (!metadata.is_object()) return unknown();
  auto client = read(metadata, "n", "r");
  if (!client) return unknown();
  client->id = id;
  return std::move(*client);
}

bool is_document_url(std::string_view id) {
  constexpr std::string_view https = "https://";
  if (!id.starts_with(https) || !is_redirect_uri(id) || id.find('?') != id.npos) return false;
  const std::size_t path = id.find('/', https.size());
  if (path == id.npos || path + 1 == id.size()) return false;
  for (std::string_view rest = id.substr(path + 1); !rest.empty();) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    if (segment == "." || segment == "..") return false;
    rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
  }
  return true;
}

Result<Client> client_of_document(const std::string& url, const std::string& document) {
  constexpr std::size_t document_levels_max = 16;
  if (json_nests_deeper_than(document, document_levels_max) || document.find('\0') != std::string::npos)
    return fail("its document is not JSON");
  const json metadata = json_from(document);
  if (!metadata.is_object()) return fail("its document is not a JSON object");
  if (text_member(metadata, "client_id") != url) return fail("its document is another client's");
  const std::string method = text_member(metadata, "token_endpoint_auth_method");
  if (!method.empty() && method != "none")
    return fail("its document asks for client authentication, which is not served");
  if (!lists(metadata, "response_types", "code") || !lists(metadata, "grant_types", "authorization_code"))
    return fail("its document asks for other grants than an authorization code");
  auto client = read(metadata, "client_name", "redirect_uris");
  if (!client) return fail("its document is wrong: " + client.error().message);
  client->id = url;
  return std::move(*client);
}

json registration_of(const Client& client) {
  return {{"client_id", client.id},
          {"client_name", client.name},
          {"redirect_uris", client.redirects},
          {"grant_types", {"authorization_code", "refresh_token"}},
          {"response_types", json::array({"code"})},
          {"token_endpoint_auth_method", "none"},
          {"scope", write_scope(program_scopes)}};
}

std::string client_mark(std::string_view id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string mark;
  for (const unsigned char byte : sha256(id)) {
    if (mark.size() == mark_characters) break;
    mark += {digits[byte >> 4U], digits[byte & 0xFU]};
  }
  return mark;
}

}  // namespace strawberry::gateway::oauth
