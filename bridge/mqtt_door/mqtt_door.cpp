#include "bridge/mqtt_door/mqtt_door.h"

#include <algorithm>
#include <utility>

#include "bridge/pipeline/request_log.h"
#include "common/contract/correlation_id.h"
#include "common/identity/stamp.h"
#include "common/text/printable.h"

namespace strawberry::bridge {

/// One request's way back.
class MqttDoor::Sink final : public ReplySink {
 public:
  Sink(const Publish& publish, std::string topic, std::optional<std::string> correlation_data)
      : publish_(publish), topic_(std::move(topic)), correlation_data_(std::move(correlation_data)) {}

  bool send(std::string payload) override {
    return publish_({topic_, std::move(payload), false, {}, correlation_data_, {}, {}});
  }
  /// The broker ends the connection over a packet it finds too large, and would again when it is sent again.
  std::size_t overhead_bytes() const override {
    return topic_.size() + (correlation_data_ ? correlation_data_->size() : 0);
  }

 private:
  const Publish& publish_;
  const std::string topic_;
  const std::optional<std::string> correlation_data_;
};

MqttDoor::MqttDoor(const Clock& clock, RequestPipeline& pipeline, Publish publish)
    : clock_(clock), pipeline_(pipeline), publish_(std::move(publish)) {}

void MqttDoor::receive(const ServiceTopic& topic, MqttMessage&& message) {
  if (message.retained) {
    ++counters_.ignored;
    return;
  }
  auto sender = stamped_principal(message, topic.id);
  if (!sender) {
    ++counters_.ignored;
    const auto start = std::string_view(message.payload).substr(0, looked_at_for_log_bytes_max);
    const auto id = message.correlation_data ? message.correlation_data : find_correlation_id(start);
    log_for(id.value_or(""))
        .warn("{}: ignored, the broker plugin has not stamped a sender on it", printable(message.topic));
    return;
  }
  std::string reply_topic = response_topic(topic.service, topic.id);
  IncomingRequest request;
  if (message.response_topic) {
    if (is_response_topic(*message.response_topic, topic.service, topic.id)) {
      reply_topic = std::move(*message.response_topic);
    } else {
      request.refusal = Error{ErrorCode::bad_response_topic,
                              "a Response Topic must be " + reply_topic + " or below it",
                              {{"response_topic", reply_topic}}};
    }
  }
  request.sender = std::move(*sender);
  request.service = topic.service;
  request.transport_id = message.correlation_data;
  request.token = stamped_token(message);
  request.rights = stamped_rights(message);
  request.published_at = stamped_time(message);
  request.sent_at = sent_at(request.published_at);
  // The broker counts a message's expiry down while it keeps it: what is left counts from here.
  if (message.expiry_s) request.expires_in = std::chrono::seconds(*message.expiry_s);
  request.payload = std::move(message.payload);
  pipeline_.submit(std::move(request),
                   std::make_unique<Sink>(publish_, std::move(reply_topic), std::move(message.correlation_data)));
}

/// When the broker took it in. Its clock and this one are the same machine's; one that was set back makes nothing
/// younger than its arrival.
SteadyTime MqttDoor::sent_at(const std::optional<WallTime>& stamped) const {
  const SteadyTime now = clock_.steady_now();
  return stamped ? std::min(now, now - (clock_.wall_now() - *stamped)) : now;
}

}  // namespace strawberry::bridge
