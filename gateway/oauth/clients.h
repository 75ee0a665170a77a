/// Programs that ask for tokens: who they say they are, and where they are sent back to.
///
/// A program registers by itself (RFC 7591) and is told an id that is its whole registration, encoded. Nothing is kept,
/// so a flood of registrations fills nothing and an id is good for ever. A made-up id is one that could have been
/// registered: whoever asks for a token proves nothing by it, and the user sees where the answer goes.
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
  std::string name;  // what it calls itself; untrusted
  std::vector<std::string> redirects;

  bool has_redirect(std::string_view uri) const;
};

struct RegistrationError {
  std::string code;  // invalid_redirect_uri or invalid_client_metadata
  std::string message;
};

/// By a program's metadata (RFC 7591, section 2). Its id is made.
Result<Client, RegistrationError> register_client(const nlohmann::json& metadata);
/// The same for an id that was given out before.
Result<Client> client_of(std::string_view id);
/// Whether `id` is an address of a client's metadata document: https, with a path, without user, query, fragment, `.`
/// and `..`.
bool is_document_url(std::string_view id);
/// By the document at `url`, which must say of itself that it is that client's.
Result<Client> client_of_document(const std::string& url, const std::string& document);
/// The answer to a registration.
nlohmann::json registration_of(const Client& client);
/// Which of the hub's lines of tokens are this client's: letters and digits, of its id.
std::string client_mark(std::string_view id);

}  // namespace strawberry::gateway::oauth
