/// Signs users in at the web door: with a password, which the hub's `users` service checks for the door's own token, or
/// with a one-time link.
///
/// Threading: loop only.   Lifetime: the door's.   Errors: Problem; a wrong password and an unknown user give the same
/// `unauthorized`. No password is kept, logged, or part of an answer.
/// Bounds: password_bytes_max; the hub limits attempts by the client's address.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "gateway/accounts/own_token.h"
#include "gateway/hub/asking.h"
#include "gateway/hub/links.h"

namespace strawberry::gateway {

class Login {
 public:
  using Given = tl::expected<nlohmann::json, Problem>;  // {access_token, expires_at, user}

  static constexpr std::size_t password_bytes_max = 1'024;

  Login(asio::io_context& loop, Links& links, OwnToken own_token)
      : loop_(loop), links_(links), own_token_(std::move(own_token)) {}

  enum class Stay { days, minutes };
  Task<Given> with_password(std::string user, std::string password, std::string address, Stay stay);
  /// `token`: of a login link. Once.
  Task<Given> with_link(std::string token, std::string address);

 private:
  asio::io_context& loop_;
  Links& links_;
  const OwnToken own_token_;
};

}  // namespace strawberry::gateway
