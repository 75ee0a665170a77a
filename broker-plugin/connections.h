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
  std::string user_name;            // as the broker was told: see session_name.h
  bool session_may_stay = false;    // the broker may keep its session after it has ended
  bool is_superseded = false;       // a newer connection has its client id; the broker is about to end this one
  std::string_view ending_because;  // why the plugin ends it; empty when it does not

  const Principal& principal() const { return claims.principal; }
  /// A client that is gone, or about to be, publishes nothing but its will.
  bool is_leaving() const { return is_superseded || !ending_because.empty(); }
};

/// What the broker keeps for a client that is away.
struct StoredSession {
  Principal principal;
  WallTime issued_at;  // of the token it was last used with
  std::string jti;
  std::string root_jti;
  bool is_dead = false;  // that token was revoked meanwhile: nobody may have what is queued
};

/// A connection with such a client id speaks for its principal, but is no sign that the device itself is there: the web
/// door's, for a request of a program that only has the device's token.
inline bool is_quiet(std::string_view client_id) { return client_id.starts_with("quiet-"); }

class Connections {
 public:
  struct Options {
    std::size_t connections_max = 100'000;
    std::size_t stored_max = 100'000;
    /// Open ones of a device, a user or a one-time token.
    std::size_t principal_connections_max = 100;
    /// Of all of a user's.
    std::size_t user_connections_max = 1'000;
    /// Stored sessions that the broker has said it has, of a principal and of all of a user's.
    std::size_t principal_stored_max = 20;
    std::size_t user_stored_max = 400;
    /// Those that it may have, of a principal: it does not say at once which of them have ended.
    std::size_t principal_left_max = 200;
  };

  explicit Connections(Options options) : options_(options) {}

  bool is_full() const { return open_.size() >= options_.connections_max; }
  /// Whether the principal, or its user, may have no further connection: one that takes a client id over is none more.
  bool is_full_for(const Principal& principal, std::string_view client_id) const;
  /// Precondition: not is_full(), and `connection.handle` is not open.
  void add(Connection connection);
  /// Whether the principal may leave no further session behind. Its own client id, and one that has a session already,
  /// are none more.
  bool has_too_many_stored(const Principal& principal, std::string_view client_id) const;
  /// Whether so many sessions that may have ended are counted for the principal that the broker should be asked.
  bool is_unsure_of(const Principal& principal) const;
  /// The connection as it was; nothing when it is not known.
  std::optional<Connection> remove(Connection::Handle handle);
  /// Null when not known. Valid until the next add() or remove().
  Connection* find(Connection::Handle handle);
  const Connection* find(Connection::Handle handle) const;
  std::vector<Connection::Handle> handles() const;
  /// The open connection with this client id; null when there is none.
  Connection::Handle handle_of(std::string_view client_id) const;
  std::size_t size() const { return open_.size(); }

  /// Who holds a client id: the open connection with it, else whoever left a session under it.
  const Principal* holder_of(std::string_view client_id) const;
  /// A session the broker keeps. One that is known already stays as it is, if it is the same principal's. `is_sure`:
  /// the broker has said so; else it may have ended with its connection.
  void remember_stored(std::string_view client_id, StoredSession session, bool is_sure = true);
  /// Null when none is known. Valid until the next change.
  const StoredSession* stored(std::string_view client_id) const;
  void forget_stored(std::string_view client_id);
  std::size_t stored_count() const { return stored_.size(); }
  /// The broker is about to name every session it has, each of which is then remembered; forget_unnamed() then forgets
  /// those that it has not named.
  void expect_names();
  void forget_unnamed();
  /// Marks the stored sessions that `is_dead` says so of. They stay dead.
  template <class Predicate>
  void bury_stored(Predicate is_dead) {
    for (auto& [client_id, stored] : stored_)
      stored.session.is_dead = stored.session.is_dead || is_dead(stored.session);
  }

  /// Open connections of the principal with this id, of whatever type.
  std::size_t count_of(std::string_view principal_id) const;
  /// Those of them that are not quiet.
  std::size_t present_count_of(std::string_view principal_id) const;
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
    std::size_t quiet = 0;  // of these
  };

  void count(const Stored& stored, int change);

  Options options_;
  std::unordered_map<Connection::Handle, Connection> open_;
  ByText<std::vector<Connection::Handle>> by_client_id_;  // the last one holds it, the others are superseded
  ByText<Present> by_principal_;
  ByText<std::size_t> open_by_user_;
  ByText<Stored> stored_;
  ByText<Kept> stored_by_principal_;  // by type and id
  ByText<std::size_t> sure_by_user_;
  std::list<std::string> stored_by_age_;  // oldest first
};

}  // namespace strawberry::plugin
