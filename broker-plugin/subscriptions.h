/// How many filters each client, each principal and each user has subscribed to: the broker keeps a tree of all of them
/// in memory, and of stored sessions also on disk.
///
/// Knows what was subscribed since the broker started; what a stored session had before that counts when it is
/// subscribed again. Filters are kept as hashes. Threading: one thread.   Bounds: Options, for each client id that is
/// connected or has a stored session.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

#include "common/by_text.h"
#include "common/principal.h"

namespace strawberry {

class Subscriptions {
 public:
  struct Options {
    std::size_t client_filters_max = 100;
    std::size_t principal_filters_max = 1'000;
    std::size_t user_filters_max = 4'000;
  };

  explicit Subscriptions(Options options) : options_(options) {}

  /// False when it would be one too many. One that is there already is none more.
  bool add(std::string_view client_id, const Principal& principal, std::string_view filter);
  void remove(std::string_view client_id, std::string_view filter);
  /// The client's session has ended.
  void forget(std::string_view client_id);
  template <class Predicate>
  void forget_if(Predicate is_gone) {
    std::erase_if(clients_, [&](const auto& client) {
      if (!is_gone(std::string_view(client.first))) return false;
      release(client.second, client.second.filters.size());
      return true;
    });
  }
  std::size_t count_of(std::string_view client_id) const;

 private:
  struct Client {
    std::string principal_id;
    std::string user_id;
    std::unordered_set<std::size_t> filters;
  };

  void release(const Client& client, std::size_t filters);

  Options options_;
  ByText<Client> clients_;
  ByText<std::size_t> by_principal_;
  ByText<std::size_t> by_user_;
};

}  // namespace strawberry
