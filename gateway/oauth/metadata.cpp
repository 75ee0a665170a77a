#include "gateway/oauth/metadata.h"

#include <algorithm>

#include "gateway/oauth/scope.h"

namespace strawberry::gateway::oauth {

using nlohmann::json;

json resource_metadata(const std::string& base, std::string_view path) {
  return {{"resource", base + std::string(path)},
          {"authorization_servers", json::array({base})},
          {"scopes_supported", words_of(program_scopes)},
          {"bearer_methods_supported", json::array({"header"})},
          {"resource_name", "Strawberry Hub"}};
}

json server_metadata(const std::string& base, bool has_client_documents) {
  return {{"issuer", base},
          {"authorization_endpoint", base + "/oauth/authorize"},
          {"token_endpoint", base + "/oauth/token"},
          {"registration_endpoint", base + "/oauth/register"},
          {"revocation_endpoint", base + "/oauth/revoke"},
          {"scopes_supported", words_of(program_scopes)},
          {"response_types_supported", json::array({"code"})},
          {"response_modes_supported", json::array({"query"})},
          {"grant_types_supported", {"authorization_code", "refresh_token"}},
          {"token_endpoint_auth_methods_supported", json::array({"none"})},
          {"revocation_endpoint_auth_methods_supported", json::array({"none"})},
          {"code_challenge_methods_supported", json::array({"S256"})},
          {"authorization_response_iss_parameter_supported", true},
          {"client_id_metadata_document_supported", has_client_documents}};
}

bool is_own_resource(std::string_view resource, const std::string& base) {
  return resource == base || resource == base + "/" || resource == base + mcp_path;
}

void add_challenge(Response& response, const Request& request, const PublicUrl& url, bool had_token) {
  std::erase_if(response.headers, [](const auto& field) { return field.first == "WWW-Authenticate"; });
  std::string challenge = "Bearer ";
  if (response.status == 403) {
    challenge += "error=\"insufficient_scope\", ";
  } else if (had_token) {
    challenge += "error=\"invalid_token\", ";
  }
  challenge += "resource_metadata=\"" + url.of(request) + "/.well-known/oauth-protected-resource" + mcp_path +
               "\", scope=\"" + write_scope(mcp_scopes) + "\"";
  response.headers.emplace_back("WWW-Authenticate", std::move(challenge));
}

}  // namespace strawberry::gateway::oauth
