/// What the web door remembers of people who sign in and of programs that wait for their tokens. In memory alone: after
/// a restart one signs in again.
///
/// Threading: loop only.   Bounds: the constants here; of each kind the oldest goes.
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

/// Somebody who has signed in.
struct Session {
  std::string user_id;
  std::string token;  // the hub's; never shown
  Role role = Role::member;
};

/// What a program has asked for, checked.
struct Wish {
  Client client;
  std::string redirect_uri;
  std::string state;
  bool has_state = false;
  std::string challenge;  // PKCE, S256
  std::string resource;   // as asked; empty: not said
  std::string issuer;     // the door as the program knows it
  Scopes scopes = program_scopes;
};

/// A question on a consent page.
struct Ticket {
  Wish wish;
  std::string session;
};

/// An authorisation code's.
struct Grant {
  Wish wish;
  Session session;
};

/// A code that was exchanged.
struct UsedCode {
  std::string access_token;  // what it gave; empty while the hub is being asked, and when it gave nothing
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
