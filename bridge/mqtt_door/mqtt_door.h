/// The door for MQTT: a message on `<service>/{id}/request` becomes a request of the pipeline, and its answers become
/// messages on the response topic, with the request's Correlation Data.
///
/// It believes only the principal that the broker plugin stamped on the message, and ignores retained messages.
///
/// Threading: loop only.   Lifetime: outlives the pipeline's requests.
/// Errors: `bad_response_topic` for a Response Topic that is not the sender's own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "bridge/pipeline/request_pipeline.h"
#include "common/contract/mqtt_message.h"
#include "common/contract/topics.h"

namespace strawberry::bridge {

class MqttDoor {
 public:
  struct Counters {
    std::uint64_t ignored = 0;  // retained, or without a principal
  };
  /// False when the message is not taken.
  using Publish = std::function<bool(MqttMessage)>;

  MqttDoor(const Clock& clock, RequestPipeline& pipeline, Publish publish);

  /// `topic`: of the message, parsed; it points into it.
  void receive(const ServiceTopic& topic, MqttMessage&& message);

  const Counters& counters() const { return counters_; }

 private:
  class Sink;
  SteadyTime sent_at(const std::optional<WallTime>& stamped) const;

  const Clock& clock_;
  RequestPipeline& pipeline_;
  const Publish publish_;
  Counters counters_;
};

}  // namespace strawberry::bridge
