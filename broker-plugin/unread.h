/// What clients were given and may not have read: until they do, the broker holds it, and tells nobody how much.
///
/// All that a client was given counts as held, until the broker's memory shows otherwise. When a principal, or a user,
/// was given more than it may hold, that memory is looked at. When it has not grown by half as much meanwhile, all was
/// read and counting starts anew. When it has, nothing more is given for a second, and all connections of the principal
/// or user should end. So who reads loses nothing, and who does not is known without an acknowledgement, also at QoS 0.
/// Threading: one thread.   Bounds: client ids that are connected or have a stored session.
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
  /// What the broker needs for a message beside payload and topic, about.
  static constexpr std::size_t message_bytes = 512;

  struct Options {
    std::size_t principal_bytes_max = 12 * 1024 * 1024;
    std::size_t user_bytes_max = 40 * 1024 * 1024;
  };

  Unread(Broker& broker, const Clock& clock, Options options);

  /// False: not now. `bytes`: of payload, topic and properties.
  bool give(std::string_view client_id, const Principal& principal, std::size_t bytes);
  /// The client is back, and the broker is about to show what it holds for it.
  void came_back(std::string_view client_id);
  /// Something that the broker has held for a client that is back.
  void holds(std::string_view client_id, const Principal& principal, std::size_t bytes);
  /// The client's session has ended, and nothing is held for it.
  void forget(std::string_view client_id);
  template <class Predicate>
  void forget_if(Predicate is_gone) {
    std::vector<std::string> gone;
    for (const auto& [client_id, client] : clients_) {
      if (is_gone(std::string_view(client_id))) gone.push_back(client_id);
    }
    for (const std::string& client_id : gone) forget(client_id);
  }
  /// The clients whose connections should end, if they have any. Each is named once.
  std::vector<std::string> take_overdue();
  /// Call once a second.
  void tick();

 private:
  struct Client;
  struct Account {
    std::size_t bytes = 0;         // given to its clients
    std::size_t least_memory = 0;  // of the broker, whenever it was looked at meanwhile
    SteadyTime refused_until{};
    std::unordered_set<Client*> clients;
  };
  struct Client {
    std::string id;
    std::string principal;  // by type and id
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
  std::size_t memory_ = 0;  // of the broker, a moment ago
  bool is_stale_ = false;   // connections have ended since, because it had grown
};

}  // namespace strawberry::plugin
