#include "cli/connect_directory.h"

#include <cerrno>

#include <charconv>
#include <sstream>

#include "cli/text.h"
#include "cli/token_times.h"
#include "common/contract/broker_socket.h"
#include "common/identity/token.h"
#include "common/text/ids.h"
#include "common/text/private_file.h"

namespace strawberry::cli {
namespace {

constexpr std::size_t file_bytes_max = 16 * 1024;
constexpr const char* clients[] = {"mosquitto_pub", "mosquitto_rr", "mosquitto_sub"};
// Options of mosquitto_sub: each of them means TLS.
constexpr std::string_view ca_option = "--cafile ";
constexpr std::string_view system_cas_option = "--tls-use-os-certs";
constexpr const char* remedy = "write it with 'strawberryctl device add NAME --user USER --mosquitto DIR'";

std::string path_of(const std::string& directory, const char* client) {
  return std::filesystem::path(directory) / client;
}

Outcome<std::string> read_options(const std::string& path) {
  if (look_at_file(path).error == ENOENT) return cli_error(ExitCode::local, "there is no " + path + ": " + remedy);
  auto file = read_private_file(path, file_bytes_max);
  if (!file) return cli_error(ExitCode::local, path + " " + printable(file.error().message, 200));
  return std::move(file->content);
}

bool read_port(const std::string& text, std::uint16_t& port) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failed == std::errc() && end == text.data() + text.size() && port != 0;
}

}  // namespace

Outcome<ConnectDirectory> read_connect_directory(const std::string& directory) {
  const std::string path = path_of(directory, clients[0]);
  auto text = read_options(path);
  if (!text) return tl::unexpected(text.error());
  ConnectDirectory found;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const std::string value = without_line_end(line.size() > 3 ? line.substr(3) : "");
    if (line.starts_with("-h ")) found.endpoint.host = value;
    if (line.starts_with("-u ")) found.device_id = value;
    if (line.starts_with("-P ")) found.token = value;
    if (line.starts_with(ca_option)) found.endpoint.ca_file = without_line_end(line.substr(ca_option.size()));
    if (line.starts_with(socket_comment)) found.endpoint.socket = without_line_end(line.substr(socket_comment.size()));
    if (line.starts_with(ca_option) || without_line_end(line) == system_cas_option) found.endpoint.tls = true;
    if (line.starts_with("-p ") && !read_port(value, found.endpoint.port)) {
      return cli_error(ExitCode::local, path + ": -p is no port");
    }
  }
  if (!is_valid_id(found.device_id) || found.token.empty() || found.token.size() > token_bytes_max) {
    return cli_error(ExitCode::local, path + " has no device id (-u) and token (-P): " + remedy);
  }
  // The host is another machine, so the socket's path is not valid here.
  if (!is_this_machine(found.endpoint.host)) found.endpoint.socket.clear();
  return found;
}

Outcome<void> replace_token(const std::string& directory, const std::string& token) {
  for (const char* client : clients) {
    const std::string path = path_of(directory, client);
    auto text = read_options(path);
    if (!text) return tl::unexpected(text.error());
    std::istringstream lines(*text);
    std::string changed;
    for (std::string line; std::getline(lines, line);)
      changed += (line.starts_with("-P ") ? "-P " + token : line) + "\n";
    auto written = replace_private_file(path, changed);
    if (!written)
      return cli_error(ExitCode::local, "cannot write " + path + ": " + printable(written.error().message, 200));
  }
  return {};
}

std::optional<Who> who_of(const std::string& token) {
  const auto claims = claims_of(token);
  if (!claims) return std::nullopt;
  const auto text = [&](const char* name) {
    const auto found = claims->find(name);
    return found != claims->end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto type = claims->contains("type") ? parse_principal_type(text("type")) : PrincipalType::device;
  Who who;
  who.principal.id = text("sub");
  who.principal.user_id = text("user_id");
  if (!type || !is_valid_id(who.principal.id)) return std::nullopt;
  who.principal.type = *type;
  who.name = text("device_name");
  if (who.name.empty()) who.name = who.principal.id;
  return who;
}

}  // namespace strawberry::cli
