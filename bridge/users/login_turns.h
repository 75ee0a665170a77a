/// How many sign-ins may have their password compared or wait for it at once: comparing takes a tenth of a second of
/// the one thread that does it, and a flood must not take it from everybody.
///
/// Somebody who guesses one account's password, from however many addresses, takes per_user_max turns; everybody who
/// guesses, unproven_max. A user at an address where it has signed in before does not compete with those: it takes its
/// turn of what is left. Pure.
///
/// Threading: loop only.   Lifetime: a Turn may outlive the LoginTurns.
/// Bounds: Options; of the places where users have signed in, the one unused for longest is forgotten.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/text/by_text.h"

namespace strawberry::bridge {

class LoginTurns {
 public:
  struct Options {
    std::size_t per_user_max = 4;     // from places where the user has not signed in before
    std::size_t per_network_max = 8;  // of all users at one address
    std::size_t unproven_max = 24;    // of all such places; fewer than SodiumPasswords takes
    std::size_t proven_places_max = 10'000;
  };

 private:
  struct Counts {
    ByText<std::size_t> by_user;
    ByText<std::size_t> by_network;
    std::size_t unproven = 0;
  };

 public:
  /// Ends with its object.
  class Turn {
   public:
    Turn(std::shared_ptr<Counts> counts, std::string user, std::string network);
    ~Turn();
    Turn(Turn&& other) noexcept = default;
    Turn& operator=(Turn&&) = delete;
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    std::shared_ptr<Counts> counts_;  // null when moved from
    std::string user_;                // empty: a proven place
    std::string network_;
  };

  explicit LoginTurns(Options options) : options_(options) {}

  /// Nothing when it has to be tried again later.
  std::optional<Turn> take(std::string_view address, std::string_view user);
  /// The user has signed in from there.
  void succeeded(std::string_view address, std::string_view user);

 private:
  const Options options_;
  const std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
  std::list<std::string> proven_;  // the latest first
  std::unordered_map<std::string_view, std::list<std::string>::iterator> proven_by_key_;
};

}  // namespace strawberry::bridge
