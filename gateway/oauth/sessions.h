/// The web door's state of users who sign in and of programs that wait for their tokens. Kept in memory only: after a
/// restart users sign in again.
///
/// Threading: loop only.   Bounds: the constants here; of each kind the oldest is dropped, and of a user who has more
/// than a quarter of them its own oldest.
#pragma once

#include <string>

#include "common/contract/role.h"
#include "gateway/oauth/clients.h"
#include "gateway/oauth/expiring.h"

namespace strawberry::gateway::oauth {

inline constexpr std::chrono::seconds session_lifetime{600};
inline constexpr std::chrono::seconds ticket_lifetime{600};
inline constexpr std::chrono::seconds code_lifetime{60};
inline constexpr std::chrono::seconds used_code_lifetime{600};
inline constexpr std::size_t sessions_max = 1'000;
inline constexpr std::size_t tickets_max = 1'000;
inline constexpr std::size_t codes_max = 1'000;

/// A user who has signed in.
struct Session {
  std::string user_id;
  std::string token;  // issued by the hub; never shown
  Role role = Role::member;
};

/// A program's request after it was checked.
struct Wish {
  Client client;
  std::string redirect_uri;
  std::string state;
  bool has_state = false;
  std::string challenge;  // PKCE, S256
  std::string resource;   // as requested; empty: not stated
  std::string issuer;     // the door's URL as the program knows it
  Scopes scopes = program_scopes;
};

/// A question on a consent page.
struct Ticket {
  Wish wish;
  std::string session;
};

/// The contents of an authorisation code.
struct Grant {
  Wish wish;
  Session session;
};

/// A code that was exchanged.
struct UsedCode {
  std::string access_token;  // issued for the code; empty while the hub is asked, and if the exchange failed
  bool was_shown_again = false;
};

struct Sessions {
  explicit Sessions(const Clock& clock)
      : open(clock, session_lifetime, sessions_max),
        tickets(clock, ticket_lifetime, tickets_max),
        codes(clock, code_lifetime, codes_max),
        used_codes(clock, used_code_lifetime, codes_max) {}

  Expiring<Session> open;
  Expiring<Ticket> tickets;
  Expiring<Grant> codes;
  Expiring<UsedCode> used_codes;
};

}  // namespace strawberry::gateway::oauth
