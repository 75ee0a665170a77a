#include "gateway/oauth/redirects.h"

#include <algorithm>
#include <array>
#include <optional>

namespace strawberry::gateway::oauth {
namespace {

constexpr std::size_t scheme_bytes_max = 64;
/// Schemes that a browser handles itself, so that they start no program.
constexpr std::array<std::string_view, 17> browser_schemes{
    "about",  "blob",       "chrome", "data",     "file",     "filesystem",  "ftp", "http", "https",
    "intent", "javascript", "mailto", "resource", "vbscript", "view-source", "ws",  "wss"};

struct Parts {
  std::string_view scheme;
  std::string_view host;  // in brackets for an IPv6 address; empty without `//`
  std::string_view port;
  std::string_view rest;  // path and query
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_scheme(std::string_view text) {
  return !text.empty() && text.size() <= scheme_bytes_max && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '+' || c == '-' || c == '.'; });
}

bool is_host(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    return text.find_first_not_of("0123456789abcdefABCDEF:.") == text.npos;
  }
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

bool is_written_plainly(std::string_view uri) {
  return std::all_of(uri.begin(), uri.end(), [](char c) {
    return c > ' ' && c < 0x7F && std::string_view("\"'<>\\^`{|}#").find(c) == std::string_view::npos;
  });
}

std::optional<Parts> parse(std::string_view uri) {
  if (uri.empty() || uri.size() > redirect_uri_bytes_max || !is_written_plainly(uri)) return std::nullopt;
  const std::size_t colon = uri.find(':');
  if (colon == uri.npos || !is_scheme(uri.substr(0, colon))) return std::nullopt;
  Parts parts;
  parts.scheme = uri.substr(0, colon);
  parts.rest = uri.substr(colon + 1);
  if (!parts.rest.starts_with("//")) return parts;
  const std::string_view after = parts.rest.substr(2);
  const std::string_view authority = after.substr(0, std::min(after.find_first_of("/?"), after.size()));
  parts.rest = after.substr(authority.size());
  const std::size_t bracket = authority.rfind(']');
  const std::size_t port = authority.find(':', bracket == authority.npos ? 0 : bracket);
  parts.host = authority.substr(0, port);
  if (port != authority.npos) {
    parts.port = authority.substr(port + 1);
    if (parts.port.empty() || parts.port.size() > 5 || !std::all_of(parts.port.begin(), parts.port.end(), is_digit))
      return std::nullopt;
  }
  if (!is_host(parts.host)) return std::nullopt;
  return parts;
}

bool is_this_machine(std::string_view host) { return host == "127.0.0.1" || host == "[::1]" || host == "localhost"; }
bool is_on_this_machine(const Parts& parts) { return parts.scheme == "http" && is_this_machine(parts.host); }

std::string authority_of(const Parts& parts) {
  return std::string(parts.host) + (parts.port.empty() ? "" : ":" + std::string(parts.port));
}

}  // namespace

bool is_redirect_uri(std::string_view uri) {
  const auto parts = parse(uri);
  if (!parts) return false;
  if (parts->scheme == "https") return !parts->host.empty();
  if (parts->scheme == "http") return is_on_this_machine(*parts);
  if (std::find(browser_schemes.begin(), browser_schemes.end(), parts->scheme) != browser_schemes.end()) return false;
  return parts->scheme.find('.') != std::string_view::npos || !parts->host.empty();
}

bool is_same_redirect(std::string_view registered, std::string_view given) {
  if (registered == given) return is_redirect_uri(given);
  const auto one = parse(registered);
  const auto other = parse(given);
  return one && other && is_on_this_machine(*one) && is_on_this_machine(*other) && one->host == other->host &&
         one->rest == other->rest;
}

std::string redirect_host(std::string_view uri) {
  const auto parts = parse(uri);
  if (!parts) return {};
  const bool is_web = parts->scheme == "https" || parts->scheme == "http";
  return is_web ? authority_of(*parts) : "the program for " + std::string(parts->scheme) + ":";
}

std::string redirect_source(std::string_view uri) {
  const auto parts = parse(uri);
  if (!parts) return "'none'";
  const bool is_web = parts->scheme == "https" || parts->scheme == "http";
  return std::string(parts->scheme) + (is_web ? "://" + authority_of(*parts) : ":");
}

std::string with_parameter(std::string uri, std::string_view name, std::string_view value) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  uri += uri.find('?') == std::string::npos ? '?' : '&';
  uri += name;
  uri += '=';
  for (const char c : value) {
    if (is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      uri += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    uri += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
  }
  return uri;
}

}  // namespace strawberry::gateway::oauth
