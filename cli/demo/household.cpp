#include "cli/demo/household.h"

#include <optional>

#include "cli/hub_connection.h"
#include "cli/text.h"
#include "common/contract/device_name.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::hours token_rest_min{24};

/// Returns the token kept for `who`, if it is valid for at least another day.
std::optional<std::string> kept_token(const DataDir& dir, const KeySet& keys, const Who& who) {
  std::error_code missing;
  const std::string path = token_file(dir, who.name);
  if (!std::filesystem::exists(path, missing)) return std::nullopt;
  auto token = read_file(path);
  if (!token) return std::nullopt;
  while (!token->empty() && token->back() == '\n') token->pop_back();
  const auto claims = verify_token(keys, *token, SystemClock().wall_now() + token_rest_min);
  if (!claims || claims->principal != who.principal) return std::nullopt;
  return *token;
}

Outcome<std::optional<DemoDevice>> find_known(const DataDir& dir, const KeySet& keys, const std::string& name) {
  auto directory = open_directory(dir);
  if (!directory) return tl::unexpected(directory.error());
  auto who = device(**directory, name, demo_user);
  if (!who) return std::optional<DemoDevice>();
  DemoDevice known{*who, ""};
  if (auto kept = kept_token(dir, keys, *who)) {
    known.token = std::move(*kept);
    return std::optional(std::move(known));
  }
  auto token = sign(keys, *who, token_lifetime_default);
  if (!token) return tl::unexpected(token.error());
  known.token = std::move(*token);
  if (auto written = write_secret_file(token_file(dir, name), known.token + "\n", /*replace=*/true); !written) {
    return tl::unexpected(written.error());
  }
  return std::optional(std::move(known));
}

Task<Outcome<DemoDevice>> enlist(HubConnection& hub, DataDir dir, std::string name) {
  json body{{"op", "register"}, {"name", name}, {"user_id", demo_user}};
  Outcome<json> reply = co_await hub.request(Service::devices, std::move(body), patience, nullptr);
  if (!reply) co_return tl::unexpected(reply.error());
  const auto id = reply->find("device_id");
  const auto token = reply->find("access_token");
  if (id == reply->end() || !id->is_string() || token == reply->end() || !token->is_string()) {
    co_return cli_error(ExitCode::refused, "the hub's reply to a registration is not understood");
  }
  DemoDevice added;
  added.who.principal = {PrincipalType::device, id->get<std::string>(), demo_user};
  added.who.name = name;
  added.token = token->get<std::string>();
  auto written = write_secret_file(token_file(dir, name), added.token + "\n", /*replace=*/true);
  if (!written) co_return tl::unexpected(written.error());
  co_return added;
}

}  // namespace

std::string token_file(const DataDir& dir, const std::string& name) {
  return dir.path / "demo" / (normalize_device_name(name) + ".token");
}

std::function<std::string()> lasting_token(const DataDir& dir, const DemoDevice& device) {
  return [dir, device = DemoDevice(device)]() mutable {
    const auto keys = load_keys(dir);
    if (!keys || verify_token(*keys, device.token, SystemClock().wall_now())) return device.token;
    if (auto fresh = sign(*keys, device.who, token_lifetime_default)) {
      device.token = std::move(*fresh);
      // If it cannot be stored, the next start signs another one.
      (void)write_secret_file(token_file(dir, device.who.name), device.token + "\n", /*replace=*/true);
    }
    return device.token;
  };
}

Task<Outcome<DemoDevice>> join_household(asio::io_context& loop, DataDir dir, Endpoint endpoint, std::string name) {
  auto keys = load_keys(dir);
  if (!keys) co_return tl::unexpected(keys.error());
  if (auto made = make_private_directory(dir.path / "demo"); !made) co_return tl::unexpected(made.error());
  auto known = find_known(dir, *keys, name);
  if (!known) co_return tl::unexpected(known.error());
  if (*known) co_return std::move(**known);

  HubConnection::Options options;
  options.endpoint = std::move(endpoint);
  options.who = admin();
  options.token = [keys = *keys] { return sign(keys, admin(), session_token_lifetime).value_or(std::string()); };
  options.services = {Service::devices};
  HubConnection hub(loop, std::move(options));
  const Outcome<void> opened = co_await hub.open();
  Outcome<DemoDevice> added = tl::unexpected(opened ? CliError{} : opened.error());
  if (opened) added = co_await enlist(hub, std::move(dir), std::move(name));
  co_await hub.close();
  co_return added;
}

}  // namespace strawberry::cli
