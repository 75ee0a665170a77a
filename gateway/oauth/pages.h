/// The pages that a person sees: login, consent, done, error. Plain HTML without scripts; all foreign text is escaped,
/// nothing else is loaded, and no other page may frame them.
///
/// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "common/contract/rights.h"
#include "gateway/http/message.h"
#include "gateway/oauth/clients.h"

namespace strawberry::gateway::oauth {

/// The contents of a consent page.
struct Question {
  std::string ticket;  // returned with the answer
  std::string user_id;
  Client client;
  std::string redirect_uri;
  Scopes scopes = program_scopes;
};

/// The contents of a login page.
struct SignIn {
  std::string next;     // path of the door to open after the login; may be empty
  std::string problem;  // may be empty
  std::string user;     // as the user typed it
};

Response consent_page(const Question& question);
/// Asks for a user and a password, or for a login link.
Response sign_in_page(const SignIn& what, unsigned status = 200);
/// The page of an opened login link: it asks for a click, so that programs that only fetch the link do not use it up.
Response confirm_sign_in_page(const std::string& token, const std::string& user_id);
Response signed_in_page(const std::string& user_id);
/// `message`: the error, and what to do.
Response error_page(const std::string& message, unsigned status = 400);

std::string escaped(std::string_view text);

}  // namespace strawberry::gateway::oauth
