/// The open connections with their principals, and the owners of client ids.
///
/// The broker reports a new connection before it ends the one it replaces, and may report an end twice or for an
/// unknown connection: connections are identified by the broker's handle, not by client id. Threading: one thread.
/// Bounds: connections_max open ones; stored_max client ids of stored sessions, the one unused longest is forgotten
/// first.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/contract/principal.h"
#include "common/identity/token.h"
#include "common/text/by_text.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

struct Connection {
  using Handle = const void*;
  Handle handle = nullptr;
  std::string client_id;
  Claims claims;
  std::string user_name;            // as set in the broker: see session_name.h
  bool session_may_stay = false;    // the broker may keep its session after it has ended
  bool resumes_session = false;     // it may have subscriptions of before, which the broker does not name
  bool is_superseded = false;       // a newer connection has its client id; the broker is about to end this one
  std::string_view ending_because;  // why the plugin ends it; empty when it does not

  const Principal& principal() const { return claims.principal; }
  /// True when the client has left or is being removed: it publishes nothing but its will.
  bool is_leaving() const { return is_superseded || !ending_because.empty(); }
};

/// A session that the broker keeps for an absent client.
struct StoredSession {
  Principal principal;
  WallTime issued_at;  // of the token that last used it
  std::string jti;
  std::string root_jti;
  bool is_dead = false;  // that token was revoked: queued messages must not be delivered
};

/// True for a connection that acts for its principal without showing that the device itself is online: the gateway's,
/// for a request of a program that only has the device's token.
inline bool is_quiet(std::string_view client_id) { return client_id.starts_with("quiet-"); }

class Connections {
 public:
  struct Options {
    std::size_t connections_max = 100'000;
    std::size_t stored_max = 100'000;
    /// Open connections of a device, a user or a one-time token.
    std::size_t principal_connections_max = 100;
    /// Open connections of a user and its devices together.
    std::size_t user_connections_max = 1'000;
    /// Stored sessions confirmed by the broker, of a principal and of a user with its devices.
    std::size_t principal_stored_max = 20;
    std::size_t user_stored_max = 400;
    /// Sessions of a principal that may be stored: the broker does not report at once which of them have ended.
    std::size_t principal_left_max = 200;
  };

  explicit Connections(Options options) : options_(options) {}

  bool is_full() const { return open_.size() >= options_.connections_max; }
  /// True when the principal, or its user, may have no further connection. One that takes over a client id adds none.
  bool is_full_for(const Principal& principal, std::string_view client_id) const;
  /// Precondition: not is_full(), and `connection.handle` is not open.
  void add(Connection connection);
  /// True when the principal may leave no further session behind. Its own client id, and one that has a session
  /// already, add none.
  bool has_too_many_stored(const Principal& principal, std::string_view client_id) const;
  /// True when so many sessions that may have ended are counted for the principal that the broker should be asked.
  bool is_unsure_of(const Principal& principal) const;
  /// Returns the removed connection; nothing when it is unknown.
  std::optional<Connection> remove(Connection::Handle handle);
  /// Returns null when the connection is unknown. Valid until the next add() or remove().
  Connection* find(Connection::Handle handle);
  const Connection* find(Connection::Handle handle) const;
  std::vector<Connection::Handle> handles() const;
  /// Returns the open connection with this client id; null when there is none.
  Connection::Handle handle_of(std::string_view client_id) const;
  std::size_t size() const { return open_.size(); }

  /// Returns the owner of a client id: that of the open connection with it, else that of a stored session.
  const Principal* holder_of(std::string_view client_id) const;
  /// Notes a session that the broker keeps. A known one of the same principal stays unchanged. `is_sure`: the broker
  /// has confirmed the session; otherwise it may have ended with its connection.
  void remember_stored(std::string_view client_id, StoredSession session, bool is_sure = true);
  /// Returns null when none is known. Valid until the next change.
  const StoredSession* stored(std::string_view client_id) const;
  void forget_stored(std::string_view client_id);
  std::size_t stored_count() const { return stored_.size(); }
  /// Called before the broker names every session it has. remember_stored() notes each; forget_unnamed() then forgets
  /// the others.
  void expect_names();
  void forget_unnamed();
  /// Marks the stored sessions for which `is_dead` returns true. The mark is permanent.
  template <class Predicate>
  void bury_stored(Predicate is_dead) {
    for (auto& [client_id, stored] : stored_)
      stored.session.is_dead = stored.session.is_dead || is_dead(stored.session);
  }

  /// Returns the number of open connections of the principal with this id, of any type.
  std::size_t count_of(std::string_view principal_id) const;
  /// Returns the number of those connections that are not quiet.
  std::size_t present_count_of(std::string_view principal_id) const;
  /// Those of the latter that may have subscriptions of an earlier connection.
  std::size_t resumed_count_of(std::string_view principal_id) const;
  /// One of them; null when there is none.
  const Principal* principal_with(std::string_view principal_id) const;

 private:
  struct Stored {
    StoredSession session;
    bool is_named = true;
    bool is_sure = true;
    std::list<std::string>::iterator age;
  };
  struct Kept {
    std::size_t sure = 0;
    std::size_t unsure = 0;
  };
  struct Present {
    Principal principal;
    std::size_t connections = 0;
    std::size_t quiet = 0;    // of these
    std::size_t resumed = 0;  // of those that are not quiet
  };

  void count(const Stored& stored, int change);

  Options options_;
  std::unordered_map<Connection::Handle, Connection> open_;
  ByText<std::vector<Connection::Handle>> by_client_id_;  // the last one holds the client id, the others are superseded
  ByText<Present> by_principal_;
  ByText<std::size_t> open_by_user_;
  ByText<Stored> stored_;
  ByText<Kept> stored_by_principal_;  // key: type and id
  ByText<std::size_t> sure_by_user_;
  std::list<std::string> stored_by_age_;  // oldest first
};

}  // namespace strawberry::plugin
