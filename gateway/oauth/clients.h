/// Programs that ask for tokens: the name that each gives itself, and the addresses to which it is redirected.
///
/// A program registers itself (RFC 7591) and gets an id that is its whole registration, encoded. Nothing is stored, so
/// a flood of registrations fills nothing and an id never expires. A forged id equals one that could have been
/// registered: an id proves nothing, and the consent page shows where the answer goes.
///
/// Pure functions.   Errors: Failure, for people; RegistrationError for registrations.   Bounds: the constants here.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/result.h"

namespace strawberry::gateway::oauth {

inline constexpr std::size_t client_name_bytes_max = 128;
inline constexpr std::size_t client_redirects_max = 5;
inline constexpr std::size_t client_id_bytes_max = 4'096;

struct Client {
  std::string id;
  std::string name;  // as the program states it; untrusted
  std::vector<std::string> redirects;

  bool has_redirect(std::string_view uri) const;
};

struct RegistrationError {
  std::string code;  // invalid_redirect_uri or invalid_client_metadata
  std::string message;
};

/// Makes a client and its id from a program's metadata (RFC 7591, section 2).
Result<Client, RegistrationError> register_client(const nlohmann::json& metadata);
/// Makes the client from an id that was issued before.
Result<Client> client_of(std::string_view id);
/// Returns whether `id` is a URL of a client's metadata document: https, with a path, without user, query, fragment,
/// `.` and `..`.
bool is_document_url(std::string_view id);
/// Makes the client from the document at `url`, which must name that URL as its id.
Result<Client> client_of_document(const std::string& url, const std::string& document);
/// Makes the answer to a registration.
nlohmann::json registration_of(const Client& client);
/// Returns the mark of this client in the hub's token lines: letters and digits, made from its id.
std::string client_mark(std::string_view id);

}  // namespace strawberry::gateway::oauth
