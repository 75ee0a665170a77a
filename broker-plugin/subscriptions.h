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
#include <unordered_map>

#include "common/contract/principal.h"
#include "common/text/by_text.h"

namespace strawberry::plugin {

class Subscriptions {
 public:
  struct Options {
    std::size_t client_filters_max = 100;
    std::size_t principal_filters_max = 1'000;
    std::size_t user_filters_max = 4'000;
    /// Of all their filters: the broker has a node for each, of about 700 bytes.
    std::size_t principal_levels_max = 8'000;
    std::size_t user_levels_max = 32'000;
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
      release_all(client.second);
      return true;
    });
  }
  std::size_t count_of(std::string_view client_id) const;

 private:
  struct Client {
    std::string principal_id;
    std::string user_id;
    std::unordered_map<std::size_t, std::size_t> filters;  // hash and levels
  };
  struct Count {
    std::size_t filters = 0;
    std::size_t levels = 0;
  };
  using Counts = ByText<Count>;

  static Count count_in(const Counts& counts, std::string_view id);
  static void take_from(Counts& counts, const std::string& id, std::size_t levels);
  void release(const Client& client, std::size_t levels);
  void release_all(const Client& client);

  Options options_;
  ByText<Client> clients_;
  Counts by_principal_;
  Counts by_user_;
};

}  // namespace strawberry::plugin
