/// The parsed text of a topic or filter, for the policy and the plugin.
///
/// The broker asks about the same topic several times for each message: when it is published, when its properties are
/// known, and once for each subscriber. TopicReader caches the last one.
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
  // The parts of the grammar: `first/second/rest`; missing parts are empty.
  std::string_view first;
  std::string_view second;
  std::string_view rest;
  /// True for at most policy_topic_bytes_max bytes and topic_levels_max levels, none of them empty, only printable
  /// characters, and wildcards only where MQTT allows them.
  bool is_canonical = false;
  bool has_wildcard = false;
  /// True for `<service>/{id}/request`, `skills/{id}/result` and `homeassistant/status`: the bridge acts on them, and
  /// so needs to know the principal. Only the last may also be a will, which the bridge does not receive.
  bool carries_sender = false;
  /// Set when the topic is `<service>/{id}/<rest>`.
  std::optional<ServiceTopic> service;
};

Topic read_topic(std::string_view text);

class TopicReader {
 public:
  /// The result is valid until the next call.
  const Topic& read(std::string_view text) {
    if (text != text_) {
      text_ = text;
      topic_ = read_topic(text_);
    }
    return topic_;
  }

 private:
  std::string text_;
  Topic topic_;  // initially what read_topic() returns for an empty text
};

}  // namespace strawberry::plugin
