/// The connections to the hub, one for each token in use: opened at the first request, closed after a minute without
/// use or when the broker ends them.
///
/// Threading: loop only.   Lifetime: call close() and run the loop until it is idle before destruction.
/// Errors: see Problem; a token that the broker refuses is `unauthorized` (401), and the broker is not asked again for
/// refused_memory. Failed tokens are limited by address before the broker is asked: otherwise the broker's own limit
/// would lock out every client of the gateway. An address counts by its network_of(): whoever has one address of IPv6
/// usually has 2^64 of them.
/// Bounds: Options; of addresses_max the one that failed longest ago is forgotten first.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <unordered_map>

#include "common/runtime/asio.h"
#include "common/text/by_text.h"
#include "gateway/http/errors.h"
#include "gateway/hub/hub_link.h"

namespace strawberry::gateway {

class Links {
 public:
  struct Options {
    BrokerAddress broker;
    std::size_t links_max = 10'000;
    std::chrono::milliseconds idle{60'000};
    std::chrono::milliseconds open_timeout{5'000};
    std::chrono::milliseconds refused_memory{10'000};
    /// Refused tokens that each address may have before it is limited.
    std::size_t failures_burst = 60;
    double failures_per_second = 1.0;
    std::size_t addresses_max = 10'000;
  };
  struct Counters {
    std::size_t open = 0;
    std::uint64_t opened = 0;
    std::uint64_t refused = 0;
    std::uint64_t limited = 0;
  };
  using Found = tl::expected<std::shared_ptr<HubLink>, Problem>;

  Links(asio::io_context& loop, const Clock& clock, Options options);
  ~Links();
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  /// Returns a ready connection for the token of a request from `address`.
  Task<Found> get(std::string token, std::string address);
  /// Returns a connection for the request's own token. The request must outlive the coroutine.
  Task<Found> of(const Request& request);
  /// Returns whether the broker may be asked about a token of a request from `address`, for connections that Links does
  /// not keep.
  tl::expected<TokenClaims, Problem> admit(const std::string& token, const std::string& address);
  /// Records that the broker refused it.
  void refused(const std::string& token, const std::string& address);
  /// Returns the token of `Authorization: Bearer …`.
  static tl::expected<std::string, Problem> token_of(const Request& request);
  const BrokerAddress& broker() const { return options_.broker; }
  void close();
  Counters counters() const;

 private:
  struct Entry {
    std::shared_ptr<HubLink> link;
    SteadyTime used{};
    WallTime expires_at{};
  };
  struct Failures {
    std::string network;
    double left = 0;
    SteadyTime at{};
  };
  using ByAge = std::list<Failures>;

  tl::expected<TokenClaims, Problem> check(const std::string& token, const std::string& address);
  void sweep();
  double left_now(const Failures& failures) const;
  bool may_fail(const std::string& address) const;
  void failed(const std::string& address);
  Failures& failures_of(const std::string& network);
  bool make_room();

  asio::io_context& loop_;
  const Clock& clock_;
  const Options options_;
  std::unordered_map<std::string, Entry> links_;         // by token
  std::unordered_map<std::string, SteadyTime> refused_;  // tokens, with the time until which the broker is not asked
  ByAge by_age_;                                         // oldest failure first
  std::unordered_map<std::string_view, ByAge::iterator, TextHash, std::equal_to<>> by_network_;
  asio::steady_timer timer_;
  Counters counters_;
  bool closed_ = false;
};

}  // namespace strawberry::gateway
