/// The pages that a person sees: sign in, consent, done, wrong. Plain HTML without scripts; whatever comes from outside
/// is escaped, nothing else is loaded, and no other page may frame them.
///
/// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "common/contract/rights.h"
#include "gateway/http/message.h"
#include "gateway/oauth/clients.h"

namespace strawberry::gateway::oauth {

/// What a consent page asks.
struct Question {
  std::string ticket;  // the answer has it
  std::string user_id;
  Client client;
  std::string redirect_uri;
  Scopes scopes = program_scopes;
};

/// What a sign-in page says and keeps.
struct SignIn {
  std::string next;     // where signing in leads to, a path of the door's own; may be empty
  std::string problem;  // may be empty
  std::string user;     // as it was typed
};

Response consent_page(const Question& question);
/// Asks for a user and a password, or for a login link.
Response sign_in_page(const SignIn& what, unsigned status = 200);
/// Of an opened login link: signing in takes a click, so that what only looks at the link does not spend it.
Response confirm_sign_in_page(const std::string& token, const std::string& user_id);
Response signed_in_page(const std::string& user_id);
/// `message`: what is wrong and what to do.
Response error_page(const std::string& message, unsigned status = 400);

std::string escaped(std::string_view text);

}  // namespace strawberry::gateway::oauth
