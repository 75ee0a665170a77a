#include "gateway/hub/links.h"

#include <algorithm>

#include "common/identity/token.h"
#include "common/text/ids.h"
#include "common/text/network_of.h"

namespace strawberry::gateway {
namespace {

constexpr std::chrono::seconds sweep_interval{5};

Problem unauthorized(std::string message) { return {401, "unauthorized", std::move(message)}; }
Problem unavailable(std::string message) { return {503, "unavailable", std::move(message)}; }

bool is_equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

/// Returns the name under which refused tokens of this address are counted.
std::string counted_as(const std::string& address) {
  std::string network = network_of(address);
  return network.empty() ? address : network;
}

}  // namespace

Links::Links(asio::io_context& loop, const Clock& clock, Options options)
    : loop_(loop), clock_(clock), options_(std::move(options)), timer_(loop) {
  sweep();
}

Links::~Links() = default;

tl::expected<std::string, Problem> Links::token_of(const Request& request) {
  const std::string_view header = request.header("authorization");
  if (header.empty()) return tl::unexpected(unauthorized("there is no token: send Authorization: Bearer TOKEN"));
  constexpr std::string_view scheme = "bearer";
  const std::size_t space = header.find(' ');
  if (space != scheme.size() || !is_equal_ignoring_case(header.substr(0, space), scheme)) {
    return tl::unexpected(unauthorized("the Authorization header is not Bearer TOKEN"));
  }
  std::string_view token = header.substr(space);
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  if (token.empty() || token.size() > token_bytes_max) {
    return tl::unexpected(unauthorized("the token is empty or too long"));
  }
  return std::string(token);
}

Task<Links::Found> Links::of(const Request& request) {
  auto token = token_of(request);
  if (!token) co_return tl::unexpected(token.error());
  std::string address = request.peer;
  co_return co_await get(std::move(*token), std::move(address));
}

tl::expected<TokenClaims, Problem> Links::check(const std::string& token, const std::string& address) {
  const auto claims = read_token_claims(token);
  if (!claims) {
    failed(address);
    return tl::unexpected(unauthorized("the token is not one of a hub"));
  }
  if (clock_.wall_now() >= claims->expires_at) return tl::unexpected(unauthorized("the token has expired"));
  if (const auto known = refused_.find(token); known != refused_.end() && clock_.steady_now() < known->second) {
    return tl::unexpected(unauthorized("the hub refused this token"));
  }
  return *claims;
}

tl::expected<TokenClaims, Problem> Links::admit(const std::string& token, const std::string& address) {
  auto claims = check(token, address);
  if (!claims || may_fail(address)) return claims;
  ++counters_.limited;
  return tl::unexpected(problem(429, "rate_limited", "too many refused tokens from this address"));
}

void Links::refused(const std::string& token, const std::string& address) {
  ++counters_.refused;
  failed(address);
  if (refused_.size() < options_.links_max) refused_[token] = clock_.steady_now() + options_.refused_memory;
}

Task<Links::Found> Links::get(std::string token, std::string address) {
  const SteadyTime now = clock_.steady_now();
  if (const auto open = links_.find(token); open != links_.end() &&
                                            open->second.link->state() == HubLink::State::ready &&
                                            clock_.wall_now() < open->second.expires_at) {
    open->second.used = now;
    co_return open->second.link;
  }
  auto claims = check(token, address);
  if (!claims) co_return tl::unexpected(claims.error());
  auto found = links_.find(token);
  if (found == links_.end() || found->second.link->state() == HubLink::State::refused ||
      found->second.link->state() == HubLink::State::unreachable) {
    claims = admit(token, address);
    if (!claims) co_return tl::unexpected(claims.error());
    if (closed_ || (found == links_.end() && !make_room())) {
      co_return tl::unexpected(unavailable("too many tokens are in use"));
    }
    HubLink::Options options;
    options.broker = options_.broker;
    options.token = token;
    options.principal = claims->principal;
    options.scopes = claims->scopes;
    options.client_id = "quiet-" + new_id();
    const auto link = std::make_shared<HubLink>(loop_, std::move(options));
    found = links_.insert_or_assign(token, Entry{link, now, claims->expires_at}).first;
    ++counters_.opened;
    link->start();
  }
  found->second.used = now;
  const auto link = found->second.link;
  const auto state = co_await link->opened(now + options_.open_timeout);
  if (state == HubLink::State::ready) co_return link;
  if (const auto still = links_.find(token); still != links_.end() && still->second.link == link) links_.erase(still);
  if (state == HubLink::State::refused) {
    refused(token, address);
    co_return tl::unexpected(unauthorized("the hub refused the token: it is unknown, expired or revoked"));
  }
  link->close();
  co_return tl::unexpected(unavailable("the hub's broker cannot be reached"));
}

double Links::left_now(const Failures& failures) const {
  const std::chrono::duration<double> passed = clock_.steady_now() - failures.at;
  return std::min(static_cast<double>(options_.failures_burst),
                  failures.left + passed.count() * options_.failures_per_second);
}

bool Links::may_fail(const std::string& address) const {
  const auto found = by_network_.find(counted_as(address));
  return found == by_network_.end() || left_now(*found->second) >= 1.0;
}

void Links::failed(const std::string& address) {
  Failures& failures = failures_of(counted_as(address));
  failures.left = std::max(0.0, left_now(failures) - 1.0);
  failures.at = clock_.steady_now();
}

/// Makes room for a new one by forgetting the one that failed longest ago: if new ones were not counted, whoever fills
/// the table would have no limit from then on.
Links::Failures& Links::failures_of(const std::string& network) {
  if (const auto known = by_network_.find(network); known != by_network_.end()) {
    by_age_.splice(by_age_.end(), by_age_, known->second);
    return *known->second;
  }
  if (by_age_.size() >= options_.addresses_max) {
    by_network_.erase(by_age_.front().network);
    by_age_.pop_front();
  }
  by_age_.push_back({network, static_cast<double>(options_.failures_burst), clock_.steady_now()});
  const auto added = std::prev(by_age_.end());
  by_network_.emplace(added->network, added);
  return *added;
}

/// Closes the connection that has been idle for the longest time when there is no room for one more.
bool Links::make_room() {
  if (links_.size() < options_.links_max) return true;
  auto oldest = links_.end();
  for (auto link = links_.begin(); link != links_.end(); ++link) {
    if (!link->second.link->is_idle()) continue;
    if (oldest == links_.end() || link->second.used < oldest->second.used) oldest = link;
  }
  if (oldest == links_.end()) return false;
  oldest->second.link->close();
  links_.erase(oldest);
  return true;
}

void Links::sweep() {
  const SteadyTime now = clock_.steady_now();
  for (auto link = links_.begin(); link != links_.end();) {
    const auto state = link->second.link->state();
    const bool is_over = state == HubLink::State::refused || state == HubLink::State::unreachable;
    const bool is_unused = link->second.link->is_idle() && now - link->second.used >= options_.idle;
    if (is_unused && !is_over) link->second.link->close();
    link = is_over || is_unused ? links_.erase(link) : std::next(link);
  }
  std::erase_if(refused_, [&](const auto& token) { return now >= token.second; });
  for (auto failures = by_age_.begin(); failures != by_age_.end();) {
    const bool is_forgiven = left_now(*failures) >= static_cast<double>(options_.failures_burst);
    if (is_forgiven) by_network_.erase(failures->network);
    failures = is_forgiven ? by_age_.erase(failures) : std::next(failures);
  }
  timer_.expires_after(sweep_interval);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) sweep();
  });
}

void Links::close() {
  closed_ = true;
  timer_.cancel();
  for (auto& [token, entry] : links_) entry.link->close();
  links_.clear();
}

Links::Counters Links::counters() const {
  Counters now = counters_;
  now.open = links_.size();
  return now;
}

}  // namespace strawberry::gateway
