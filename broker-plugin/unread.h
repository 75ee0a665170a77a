/// Limits the messages that were given to clients and may not be read yet: until then the broker holds them, and does
/// not report how much it holds.
///
/// All messages given to a client count as held, until the broker's memory shows otherwise. When a principal, or a
/// user, was given more than it may hold, the size of that memory is compared: if it has not grown by half as much
/// meanwhile, everything was read and counting starts again. If it has, nothing more is given for a second, and all
/// connections of the principal or user should end. So a client that reads loses nothing, and one that does not is
/// found without acknowledgements, also at QoS 0. Threading: one thread.   Bounds: client ids that are connected or
/// have a stored session.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "broker-plugin/broker.h"
#include "common/contract/principal.h"
#include "common/text/by_text.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

class Unread {
 public:
  /// Memory that the broker needs for a message besides payload and topic, about.
  static constexpr std::size_t message_bytes = 512;

  struct Options {
    std::size_t principal_bytes_max = 12 * 1024 * 1024;
    std::size_t user_bytes_max = 40 * 1024 * 1024;
  };

  Unread(Broker& broker, const Clock& clock, Options options);

  /// Returns false when the message must not be given now. `bytes`: of payload, topic and properties.
  bool give(std::string_view client_id, const Principal& principal, std::size_t bytes);
  /// Called when the client is back, before the broker reports the messages it holds for it.
  void came_back(std::string_view client_id);
  /// Called for each message that the broker holds for a client that is back.
  void holds(std::string_view client_id, const Principal& principal, std::size_t bytes);
  /// Called when the client's session has ended, and nothing is held for it.
  void forget(std::string_view client_id);
  template <class Predicate>
  void forget_if(Predicate is_gone) {
    std::vector<std::string> gone;
    for (const auto& [client_id, client] : clients_) {
      if (is_gone(std::string_view(client_id))) gone.push_back(client_id);
    }
    for (const std::string& client_id : gone) forget(client_id);
  }
  /// Returns the clients whose connections should end, if they have any. Each is named once.
  std::vector<std::string> take_overdue();
  /// Call once a second.
  void tick();

 private:
  struct Client;
  struct Account {
    std::size_t bytes = 0;         // given to its clients since counting started
    std::size_t least_memory = 0;  // smallest size of the broker's memory since then
    SteadyTime refused_until{};
    std::unordered_set<Client*> clients;
  };
  struct Client {
    std::string id;
    std::string principal;  // key: type and id
    std::string user_id;
    Account* own = nullptr;
    Account* users = nullptr;
    std::size_t bytes = 0;
  };

  Client& client_of(std::string_view client_id, const Principal& principal);
  std::size_t recent_memory();
  bool has_room(Account& account, std::size_t bytes_max);
  void add(Client& client, std::size_t bytes);
  void start_anew(Client& client);
  void leave(ByText<Account>& accounts, const std::string& name, Client& client);

  Broker& broker_;
  const Clock& clock_;
  Options options_;
  ByText<Client> clients_;
  ByText<Account> principals_;
  ByText<Account> users_;
  std::set<std::string> overdue_;
  std::size_t memory_ = 0;  // last known size of the broker's memory
  bool is_stale_ = false;   // connections were ended since, because the memory had grown
};

}  // namespace strawberry::plugin
