#include "cli/spoke/discovery_run/discovered_skills.h"

#include <utility>

#include "cli/text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

/// Waits for the acknowledgement of each message, or for the first failure.
class PublishedCall final : public RunningCall, public std::enable_shared_from_this<PublishedCall> {
 public:
  PublishedCall(asio::io_context& loop, json result, DeviceSkills::OnEnd on_end)
      : timer_(loop), result_(std::move(result)), on_end_(std::move(on_end)) {}

  void stop() override {
    on_end_ = nullptr;
    timer_.cancel();
  }
  void expect(std::size_t acknowledgements, milliseconds left) {
    missing_ = acknowledgements;
    timer_.expires_after(acknowledgements == 0 ? milliseconds(0) : left);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      if (self->missing_ == 0) return self->end(std::move(self->result_));
      self->end(fail("the broker did not acknowledge the message in time: whether the device got it is unknown"));
    });
  }
  void acknowledged(const std::optional<std::string>& failure) {
    if (failure) return end(fail("the broker did not take the message: " + printable(*failure, 200)));
    if (--missing_ == 0) end(std::move(result_));
  }

 private:
  void end(Result<json> result) {
    timer_.cancel();
    if (const auto on_end = std::exchange(on_end_, nullptr)) on_end(std::move(result));
  }

  asio::steady_timer timer_;
  json result_;
  DeviceSkills::OnEnd on_end_;
  std::size_t missing_ = 0;
};

}  // namespace

json DiscoveredSkills::registration() const {
  return home_.device(key_) != nullptr ? home_.skills(key_) : json::array();
}

Result<DeviceSkills::ReadyCall> DiscoveredSkills::prepare(const std::string& skill_path, const json& args,
                                                          const json& kwargs) {
  const auto start = [this, skill_path, args, kwargs](milliseconds left, OnEnd on_end) {
    return this->start(skill_path, args, kwargs, left, std::move(on_end));
  };
  return ReadyCall{skill_path, start};
}

/// Asks the home only when the call begins, since the returned messages count as published.
Result<std::shared_ptr<RunningCall>> DiscoveredSkills::start(const std::string& skill_path, const json& args,
                                                             const json& kwargs, milliseconds left, OnEnd on_end) {
  if (!broker_.is_connected()) return fail(broker_.why_not());
  auto plan = home_.call(key_, skill_path, args, kwargs);
  if (!plan) return tl::unexpected(plan.error());
  const auto call = std::make_shared<PublishedCall>(loop_, std::move(plan->result), std::move(on_end));
  call->expect(plan->publications.size(), left);
  for (Publication& publication : plan->publications) {
    MqttMessage message;
    message.topic = std::move(publication.topic);
    message.payload = std::move(publication.payload);
    message.retained = publication.retain;
    const bool is_sent = broker_.publish(
        message, publication.qos, [call](const std::optional<std::string>& failure) { call->acknowledged(failure); });
    if (is_sent) continue;
    call->stop();
    return fail(broker_.why_not());
  }
  return call;
}

}  // namespace strawberry::cli::discovery
