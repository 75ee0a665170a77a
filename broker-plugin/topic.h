/// A topic or filter, read once: what the policy and the plugin ask about its text.
///
/// The broker asks about the same topic several times for each message: when it is published, when its properties are
/// known, and once for each subscriber. TopicReader remembers the last one.
///
/// Threading: one thread for each TopicReader; read_topic() is pure.   Bounds: one topic, at most 65 535 bytes (MQTT).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/contract/topics.h"

namespace strawberry::plugin {

inline constexpr std::size_t policy_topic_bytes_max = 512;

/// Views into the text it was read from.
struct Topic {
  std::string_view text;
  // Cut where the grammar cuts: `first/second/rest`; missing parts are empty.
  std::string_view first;
  std::string_view second;
  std::string_view rest;
  /// At most policy_topic_bytes_max bytes and topic_levels_max levels, none of them empty, nothing unprintable, and
  /// wildcards only where MQTT allows them.
  bool is_canonical = false;
  bool has_wildcard = false;
  /// `<service>/{id}/request`, `skills/{id}/result` and `homeassistant/status`: what the bridge acts on, and so needs
  /// to know the sender of. Only the last may also be a will, of which the bridge hears nothing.
  bool carries_sender = false;
  /// Whether it is `<service>/{id}/<rest>`, and of which service.
  std::optional<ServiceTopic> service;
};

Topic read_topic(std::string_view text);

class TopicReader {
 public:
  /// Valid until the next call.
  const Topic& read(std::string_view text) {
    if (text != text_) {
      text_ = text;
      topic_ = read_topic(text_);
    }
    return topic_;
  }

 private:
  std::string text_;
  Topic topic_;  // without a text, what read_topic() says of none
};

}  // namespace strawberry::plugin
