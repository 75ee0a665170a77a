#include "broker-plugin/topic.h"

namespace strawberry::plugin {
namespace {

/// One level of a filter or topic name: not empty, nothing unprintable, a wildcard only alone and `#` only at the end.
bool is_canonical_level(std::string_view level, bool last) {
  if (level.empty()) return false;
  bool wildcard = false;
  for (const char c : level) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return false;
    wildcard = wildcard || c == '+' || c == '#';
  }
  return !wildcard || level == "+" || (level == "#" && last);
}

bool is_canonical(std::string_view topic) {
  if (topic.empty() || topic.size() > policy_topic_bytes_max) return false;
  for (std::size_t levels = 1; levels <= topic_levels_max; ++levels) {
    const std::size_t slash = topic.find('/');
    const bool last = slash == std::string_view::npos;
    if (!is_canonical_level(topic.substr(0, slash), last)) return false;
    if (last) return true;
    topic.remove_prefix(slash + 1);
  }
  return false;
}

bool has_sender(const Topic& topic) {
  if (topic.text == home_assistant_status_topic) return true;
  return topic.service &&
         (topic.rest == "request" || (topic.service->service == Service::skills && topic.rest == "result"));
}

}  // namespace

Topic read_topic(std::string_view text) {
  Topic topic;
  topic.text = text;
  const std::size_t slash = text.find('/');
  topic.first = text.substr(0, slash);
  if (slash != std::string_view::npos) {
    const std::string_view after = text.substr(slash + 1);
    const std::size_t next = after.find('/');
    topic.second = after.substr(0, next);
    if (next != std::string_view::npos) topic.rest = after.substr(next + 1);
  }
  topic.is_canonical = is_canonical(text);
  topic.has_wildcard = text.find('+') != std::string_view::npos || text.find('#') != std::string_view::npos;
  topic.service = parse_service_topic(text);
  topic.carries_sender = has_sender(topic);
  return topic;
}

}  // namespace strawberry::plugin
