#include "gateway/oauth/parameters.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <set>

#include "common/text/base64url.h"
#include "common/text/sha256.h"

namespace strawberry::gateway::oauth {

std::optional<Fields> form_of(const Request& request) {
  std::string type(request.header("content-type").substr(0, request.header("content-type").find(';')));
  while (type.ends_with(' ')) type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  Fields fields;
  if (type != "application/x-www-form-urlencoded" || !read_form(request.body, fields)) return std::nullopt;
  return fields;
}

std::string repeated(const Fields& fields) {
  std::set<std::string_view> names;
  for (const auto& [name, value] : fields) {
    if (!names.insert(name).second) return name;
  }
  return {};
}

std::string value_of(const Fields& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& one) { return one.first == name; });
  return found == fields.end() ? std::string() : found->second;
}

bool has(const Fields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& one) { return one.first == name; });
}

bool is_code_verifier(std::string_view text) {
  constexpr std::size_t least = 43;
  constexpr std::size_t most = 128;
  return text.size() >= least && text.size() <= most && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                  c == '_' || c == '~';
         });
}

bool is_s256_challenge(std::string_view text) {
  const auto bytes = base64url_decode(text);
  return bytes && bytes->size() == Sha256().size();
}

bool is_answer(const std::string& verifier, const std::string& challenge) {
  const Sha256 hash = sha256(verifier);
  const std::string made = base64url_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
  return is_code_verifier(verifier) && made.size() == challenge.size() &&
         CRYPTO_memcmp(made.data(), challenge.data(), made.size()) == 0;
}

}  // namespace strawberry::gateway::oauth
