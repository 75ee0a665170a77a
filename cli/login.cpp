#include "cli/login.h"

#include <cerrno>
#include <cstdlib>

#include "cli/connect_directory.h"
#include "cli/text.h"
#include "common/identity/token.h"
#include "common/text/private_file.h"

namespace strawberry::cli {
namespace {

constexpr std::size_t token_file_bytes_max = 16 * 1024;

Outcome<Who> whose(const std::string& token, const std::string& from) {
  auto who = who_of(token);
  if (!who) return cli_error(ExitCode::local, from + " has no token of a hub in it");
  return std::move(*who);
}

Outcome<std::string> read_token_file(const std::string& path) {
  if (look_at_file(path).error == ENOENT) {
    return cli_error(ExitCode::local, "there is no token file " + printable(path, 400));
  }
  auto file = read_private_file(path, token_file_bytes_max);
  if (!file) {
    return cli_error(ExitCode::local,
                     "the token file " + printable(path, 400) + " " + printable(file.error().message, 200));
  }
  return without_line_end(std::move(file->content));
}

Outcome<std::optional<Login>> from_directory(const std::string& directory) {
  auto found = read_connect_directory(directory);
  if (!found) return tl::unexpected(found.error());
  auto who = whose(found->token, directory);
  if (!who) return tl::unexpected(who.error());
  Login login;
  login.who = std::move(*who);
  login.endpoint = found->endpoint;
  login.from = directory;
  login.token = [directory] {
    auto now = read_connect_directory(directory);
    return now ? now->token : std::string();
  };
  return login;
}

Outcome<std::optional<Login>> from_token_file(const std::string& path) {
  auto token = read_token_file(path);
  if (!token) return tl::unexpected(token.error());
  auto who = whose(*token, path);
  if (!who) return tl::unexpected(who.error());
  Login login;
  login.who = std::move(*who);
  login.from = path;
  login.token = [path] { return read_token_file(path).value_or(std::string()); };
  return login;
}

}  // namespace

Outcome<std::optional<Login>> choose_login(const LoginSources& sources) {
  if (!sources.connect.empty()) return from_directory(sources.connect);
  if (!sources.token_file.empty()) return from_token_file(sources.token_file);
  if (sources.data_dir_is_given || look_at_file(sources.data_dir.keys()).error == 0) return std::nullopt;
  if (sources.kept.empty() || look_at_file(sources.kept).error != 0) return std::nullopt;
  return from_directory(sources.kept);
}

std::string login_directory() {
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  const std::string config = environment("XDG_CONFIG_HOME");
  const std::string home = environment("HOME");
  if (config.empty() && home.empty()) return {};
  return (std::filesystem::path(config.empty() ? home + "/.config" : config) / "strawberry" / "login").string();
}

Outcome<void> check_login(const Login& login, const std::string& user, const std::string& device) {
  const Principal& principal = login.who.principal;
  if (principal.type == PrincipalType::admin && device.empty()) return {};
  const bool is_user = user.empty() || principal.user_id == user || principal.id == user;
  const bool is_device = device.empty() || principal.id == device || login.who.name == device;
  if (is_user && is_device) return {};
  return cli_error(ExitCode::usage, "the token in " + printable(login.from, 300) + " is for " + in_words(principal) +
                                        ": nobody else can be spoken for with it");
}

std::string in_words(const Principal& principal) {
  const std::string id = printable(principal.id, 64);
  if (principal.type == PrincipalType::admin) return "the admin";
  if (principal.type == PrincipalType::device && !principal.user_id.empty()) {
    return "device " + id + " of " + printable(principal.user_id, 64);
  }
  return std::string(to_string(principal.type)) + " " + id;
}

}  // namespace strawberry::cli
