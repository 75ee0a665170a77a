#include "sdk/cpp/src/access.h"

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "common/text/printable.h"

namespace strawberry::sdk {
namespace {

constexpr const char* clients[] = {"mosquitto_pub", "mosquitto_rr", "mosquitto_sub"};
// Options of mosquitto_sub: each of them means TLS.
constexpr std::string_view ca_option = "--cafile ";
constexpr std::string_view system_cas_option = "--tls-use-os-certs";
constexpr std::uint16_t plain_port = 1883;
constexpr std::uint16_t tls_port = 8883;

std::string path_in(const std::string& directory, const char* client) {
  return std::filesystem::path(directory) / client;
}

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Result<std::string> read_text(const std::string& path, const std::string& remedy) {
  if (look_at_file(path).error == ENOENT) return fail("there is no file " + printable(path) + " (" + remedy + ")");
  auto file = read_private_file(path, AccessSource::file_bytes_max);
  if (!file) return fail("the file " + printable(path) + " " + printable(file.error().message) + " (chmod 600)");
  return std::move(file->content);
}

bool read_port(const std::string& text, std::uint16_t& port) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failed == std::errc() && end == text.data() + text.size() && port != 0;
}

}  // namespace

Result<void> AccessSource::read_directory(Access& access) const {
  const std::string path = path_in(options_.connect_directory, clients[0]);
  const auto text = read_text(path, "strawberryctl device add NAME --user USER --mosquitto DIR writes it");
  if (!text) return tl::unexpected(text.error());
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    line = without_line_end(std::move(line));
    const std::string value = line.size() > 3 ? line.substr(3) : "";
    if (line.starts_with("-h ")) access.host = value;
    if (line.starts_with("-u ")) access.claims.id = value;  // unless the token has another
    if (line.starts_with("-P ")) access.token = value;
    if (line.starts_with(ca_option)) access.ca_file = line.substr(ca_option.size());
    if (line.starts_with(ca_option) || line == system_cas_option) access.tls = true;
    if (line.starts_with("-p ") && !read_port(value, access.port)) {
      return fail("not a port: " + printable(value, 20) + " (-p in " + printable(path) + ")");
    }
  }
  if (access.token.empty()) return fail("the file " + printable(path) + " has no token (a line -P)");
  return {};
}

Result<Access> AccessSource::read() const {
  Access access;
  if (!options_.connect_directory.empty()) {
    if (auto good = read_directory(access); !good) return tl::unexpected(good.error());
  }
  if (!options_.token_file.empty()) {
    auto text = read_text(options_.token_file, "strawberryctl token issue --device NAME --output FILE writes it");
    if (!text) return tl::unexpected(text.error());
    access.token = without_line_end(std::move(*text));
  } else if (!options_.token.empty()) {
    access.token = options_.token;
  }
  if (!options_.host.empty()) access.host = options_.host;
  if (options_.port != 0) access.port = options_.port;
  if (!options_.ca_file.empty()) access.ca_file = options_.ca_file;
  access.tls = access.tls || options_.tls || !options_.ca_file.empty();
  if (!access.ca_file.empty() && look_at_file(access.ca_file).error != 0)
    return fail("there is no CA certificate " + printable(access.ca_file) + " (--cafile or ca_file names it)");
  if (access.host.empty()) access.host = "127.0.0.1";
  if (access.port == 0) access.port = access.tls ? tls_port : plain_port;
  if (access.token.empty()) return fail("there is no token: set connect_directory, token_file or token");
  auto claims = read_claims(access.token);
  if (!claims)
    return fail("the token is none: not a JWT with sub, iat and exp (" + remedy(printable(access.claims.id, 64)) + ")");
  access.claims = std::move(*claims);
  return access;
}

Result<void> AccessSource::keep(const std::string& token) {
  if (!options_.token_file.empty()) return replace_private_file(options_.token_file, token + "\n");
  if (!options_.token.empty()) {
    options_.token = token;
    if (options_.on_new_token) options_.on_new_token(token);
    return {};
  }
  for (const char* client : clients) {
    const std::string path = path_in(options_.connect_directory, client);
    if (look_at_file(path).error == ENOENT) continue;
    const auto text = read_text(path, "");
    if (!text) return tl::unexpected(text.error());
    std::istringstream lines(*text);
    std::string changed;
    for (std::string line; std::getline(lines, line);)
      changed += (line.starts_with("-P ") ? "-P " + token : line) + "\n";
    if (auto written = replace_private_file(path, changed); !written) return written;
  }
  return {};
}

FileState AccessSource::state() const {
  if (!options_.token_file.empty()) return look_at_file(options_.token_file);
  if (options_.token.empty()) return look_at_file(path_in(options_.connect_directory, clients[0]));
  return {};
}

std::string AccessSource::remedy(const std::string& id) const {
  const bool is_directory = options_.token_file.empty() && !options_.connect_directory.empty();
  const std::string& place = is_directory ? options_.connect_directory : options_.token_file;
  return "on the hub's machine: strawberryctl token issue --device " + (id.empty() ? "NAME" : id) +
         (is_directory ? " --mosquitto DIR" : " --output FILE") + (place.empty() ? "" : ", for " + printable(place));
}

std::string AccessSource::offline_file() const {
  if (!options_.offline_file.empty()) return options_.offline_file;
  if (!options_.connect_directory.empty()) return path_in(options_.connect_directory, "offline.jsonl");
  if (!options_.token_file.empty()) return std::filesystem::path(options_.token_file).parent_path() / "offline.jsonl";
  return {};
}

}  // namespace strawberry::sdk
