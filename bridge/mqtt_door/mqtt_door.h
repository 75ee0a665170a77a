/// The MQTT entrance: a message on `<service>/{id}/request` becomes a request of the pipeline, and its answers become
/// messages on the response topic, with the request's Correlation Data.
///
/// Uses only the principal that the broker plugin stamped on the message, and ignores retained messages.
///
/// Threading: loop only.   Lifetime: outlives the pipeline's requests.
/// Errors: `bad_response_topic` for a Response Topic that is not the principal's own.
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
  /// Returns false when the message is not accepted.
  using Publish = std::function<bool(MqttMessage)>;

  MqttDoor(const Clock& clock, RequestPipeline& pipeline, Publish publish);

  /// `topic`: the parsed topic of the message, which it points into.
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
