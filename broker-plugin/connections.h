/// Which connections are open, who is behind each, and which client ids belong to somebody.
///
/// The broker tells of a new connection before it ends the one it replaces, and may tell of an end twice or of one
/// never heard of: a connection is known by the broker's handle, not by its client id. Threading: one thread.   Bounds:
/// connections_max open ones; stored_max client ids of stored sessions, the longest unused forgotten first.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/clock.h"
#include "common/principal.h"
#include "common/token.h"

namespace strawberry {

struct Connection {
  using Handle = const void*;
  Handle handle = nullptr;
  std::string client_id;
  Principal principal;
  WallTime issued_at;
  WallTime expires_at;
  bool session_may_stay = false;    // the broker may keep its session after it has ended
  bool is_superseded = false;       // a newer connection has its client id; the broker is about to end this one
  std::string_view ending_because;  // why the plugin ends it; empty when it does not
};

class Connections {
 public:
  struct Options {
    std::size_t connections_max = 100'000;
    std::size_t stored_max = 10'000;
  };

  explicit Connections(Options options) : options_(options) {}

  bool is_full() const { return open_.size() >= options_.connections_max; }
  /// Precondition: not is_full(), and `connection.handle` is not open.
  void add(Connection connection);
  /// The connection as it was; nothing when it is not known.
  std::optional<Connection> remove(Connection::Handle handle);
  /// Null when not known. Valid until the next add() or remove().
  Connection* find(Connection::Handle handle);
  const Connection* find(Connection::Handle handle) const;
  std::vector<Connection::Handle> handles() const;
  std::size_t size() const { return open_.size(); }

  /// Who holds a client id: the open connection with it, else whoever left a session under it.
  const Principal* holder_of(std::string_view client_id) const;
  /// A session the broker kept from before this plugin was loaded.
  void remember_stored(std::string_view client_id, const Principal& principal);

  /// Open connections of the principal with this id, of whatever type.
  std::size_t count_of(std::string_view principal_id) const;
  /// One of them; null when there is none.
  const Principal* principal_with(std::string_view principal_id) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <class T>
  using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;
  struct Stored {
    Principal principal;
    std::list<std::string>::iterator age;
  };
  struct Present {
    Principal principal;
    std::size_t connections = 0;
  };

  void forget_stored(std::string_view client_id);

  Options options_;
  std::unordered_map<Connection::Handle, Connection> open_;
  ByText<std::vector<Connection::Handle>> by_client_id_;  // the last one holds it, the others are superseded
  ByText<Present> by_principal_;
  ByText<Stored> stored_;
  std::list<std::string> stored_by_age_;  // oldest first
};

}  // namespace strawberry
