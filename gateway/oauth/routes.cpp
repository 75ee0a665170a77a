#include "gateway/oauth/routes.h"

#include "gateway/http/json.h"
#include "gateway/http/request_body.h"
#include "gateway/oauth/authorization.h"
#include "gateway/oauth/client_documents.h"
#include "gateway/oauth/metadata.h"
#include "gateway/oauth/token_endpoint.h"

namespace strawberry::gateway::oauth {
namespace {

using nlohmann::json;

class Door {
 public:
  Door(asio::io_context& loop, const Clock& clock, Links& links, PublicUrl url, std::shared_ptr<Login> login,
       bridge::HttpClient* http)
      : url_(std::move(url)),
        sessions_(clock),
        authorization(
            loop, links, url_, sessions_, [this](std::string id) { return find_client(std::move(id)); },
            std::move(login)),
        tokens(loop, clock, links, url_, sessions_) {
    if (http != nullptr) documents_.emplace(clock, *http);
  }

  Task<void> show_resource(Exchange& exchange, const char* path) {
    Response response = json_response(resource_metadata(url_.of(exchange.request), path));
    co_await exchange.reply(std::move(response));
  }
  Task<void> show_server(Exchange& exchange) {
    Response response = json_response(server_metadata(url_.of(exchange.request), documents_.has_value()));
    co_await exchange.reply(std::move(response));
  }
  Task<void> register_program(Exchange& exchange) {
    const auto metadata = read_json_object(exchange.request);
    Response response;
    if (!metadata) {
      response =
          json_response({{"error", "invalid_client_metadata"}, {"error_description", metadata.error().message}}, 400);
    } else if (const auto client = register_client(*metadata); client) {
      response = json_response(registration_of(*client), 201);
    } else {
      response = json_response({{"error", client.error().code}, {"error_description", client.error().message}}, 400);
    }
    co_await exchange.reply(std::move(response));
  }

 private:
  Task<Result<Client>> find_client(std::string id) {
    if (documents_ && id.starts_with("https:")) co_return co_await documents_->find(std::move(id));
    Result<Client> found = client_of(id);
    co_return found;
  }

  const PublicUrl url_;
  Sessions sessions_;
  std::optional<ClientDocuments> documents_;

 public:
  Authorization authorization;
  TokenEndpoint tokens;
};

}  // namespace

std::vector<Route> routes(asio::io_context& loop, const Clock& clock, Links& links, PublicUrl url,
                          std::shared_ptr<Login> login, bridge::HttpClient* http) {
  const auto door = std::make_shared<Door>(loop, clock, links, std::move(url), std::move(login), http);
  std::vector<Route> all;
  const auto add = [&](const char* method, const std::string& path, Handler handler) {
    all.push_back({method, path, ErrorShape::hub, std::move(handler)});
  };
  const std::string resource = "/.well-known/oauth-protected-resource";
  const std::string server = "/.well-known/oauth-authorization-server";
  add("GET", resource, [door](Exchange& exchange) { return door->show_resource(exchange, ""); });
  add("GET", resource + mcp_path, [door](Exchange& exchange) { return door->show_resource(exchange, mcp_path); });
  for (const std::string& path : {server, server + mcp_path})
    add("GET", path, [door](Exchange& exchange) { return door->show_server(exchange); });
  add("POST", "/oauth/register", [door](Exchange& exchange) { return door->register_program(exchange); });
  add("GET", "/oauth/authorize", [door](Exchange& exchange) { return door->authorization.ask(exchange); });
  add("POST", "/oauth/authorize", [door](Exchange& exchange) { return door->authorization.decide(exchange); });
  add("GET", "/oauth/login", [door](Exchange& exchange) { return door->authorization.show_login(exchange); });
  add("POST", "/oauth/login", [door](Exchange& exchange) { return door->authorization.log_in(exchange); });
  add("POST", "/oauth/token", [door](Exchange& exchange) { return door->tokens.give(exchange); });
  add("POST", "/oauth/revoke", [door](Exchange& exchange) { return door->tokens.revoke(exchange); });
  return all;
}

}  // namespace strawberry::gateway::oauth
