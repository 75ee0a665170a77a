#include "tests/bench/crowd.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <stdexcept>
#include <string_view>

#include "common/contract/topics.h"

namespace strawberry::bench {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t other_files = 200;  // that generator and broker may have open in addition
constexpr std::size_t at_a_time = 50;
constexpr milliseconds patience{60'000};
constexpr std::chrono::seconds retry_after{1};

}  // namespace

std::size_t possible_devices(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(wanted, limit.rlim_cur - std::min<rlim_t>(limit.rlim_cur, other_files));
}

Crowd::Crowd(const Fleet& fleet, int port, std::size_t first, bool with_tokens) : fleet_(fleet), first_(first) {
  for (std::size_t from = first; from < fleet.size(); from += at_a_time) {
    const std::size_t to = std::min(from + at_a_time, fleet.size());
    for (std::size_t i = from; i < to; ++i) {
      clients_.push_back(std::make_unique<RawClient>(port));
      clients_.back()->send(wire::connect(with_tokens ? fleet.with_token(i) : fleet.anonymous(i)));
    }
    for (std::size_t i = from; i < to; ++i) {
      clients_[i - first]->expect(wire::check_accepted);
      const std::string& id = fleet.id(i);
      clients_[i - first]->send(wire::subscribe(
          {skill_call_topic(id), response_topic(Service::skills, id), response_topic(Service::chat, id)}, 1));
    }
    for (std::size_t i = from; i < to; ++i) clients_[i - first]->expect(wire::check_subscribed);
  }
  for (std::size_t i = 0; i < clients_.size(); ++i) poller_.add(*clients_[i], static_cast<std::uint32_t>(i));
}

bool Crowd::receive(milliseconds timeout, const OnMessage& on_message) {
  bool came = false;
  std::string acknowledgements;
  for (const std::uint32_t i : poller_.wait(timeout)) {
    acknowledgements.clear();
    const bool open = clients_[i]->receive([&](const wire::Packet& packet) {
      if (packet.type != wire::Type::publish) return;
      wire::acknowledge(packet, acknowledgements);
      on_message(i, wire::payload(packet));
      came = true;
    });
    if (!open) throw std::runtime_error("the broker has closed a connection");
    if (!acknowledgements.empty()) clients_[i]->send(acknowledgements);
  }
  return came;
}

Crowd::Storm Crowd::register_all(Mix mix, std::size_t first_skill_of) {
  const std::string correlation_id = "storm" + std::to_string(++storms_);
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    requests.push_back(wire::publish(request_topic(Service::skills, fleet_.id(first_ + i)),
                                     register_request(skills_of(first_skill_of + first_ + i, mix), correlation_id), 1));
  }
  Storm storm;
  std::vector<char> is_answered(clients_.size());
  std::deque<std::pair<steady_clock::time_point, std::size_t>> again;
  const auto start = steady_clock::now();
  const auto since_start = [&] { return duration<double>(steady_clock::now() - start).count(); };
  const auto answered = [&](std::size_t i, std::string_view payload) {
    if (payload.find(correlation_id) == std::string_view::npos || is_answered[i] != 0) return;
    if (payload.find("\"busy\"") != std::string_view::npos) {
      again.emplace_back(steady_clock::now() + retry_after, i);
    } else if (payload.find("\"success\":true") != std::string_view::npos) {
      is_answered[i] = 1;
      storm.answered_s.push_back(since_start());
    } else {
      throw std::runtime_error("registration refused: " + std::string(payload));
    }
  };
  for (std::size_t i = 0; i < clients_.size(); ++i) clients_[i]->send(requests[i]);
  while (storm.answered_s.size() < clients_.size()) {
    if (since_start() > duration<double>(patience).count()) {
      throw std::runtime_error(std::to_string(clients_.size() - storm.answered_s.size()) + " registrations unanswered");
    }
    receive(milliseconds(100), answered);
    for (; !again.empty() && again.front().first <= steady_clock::now(); again.pop_front()) {
      clients_[again.front().second]->send(requests[again.front().second]);
      ++storm.sent_again;
    }
  }
  storm.seconds = since_start();
  return storm;
}

}  // namespace strawberry::bench
