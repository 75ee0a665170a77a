#include "common/text/sse.h"

namespace strawberry {

bool SseParser::feed(std::string_view bytes, const OnEvent& on_event) {
  while (!bytes.empty() && !is_over()) {
    if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_cr_ = false;
    const auto end = bytes.find_first_of("\r\n");
    if (!take_bytes(bytes.substr(0, end)) || end == std::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    take_line(on_event);
  }
  return !is_over();
}

bool SseParser::finish(const OnEvent& on_event) {
  if (is_over()) return false;
  if (!line_.empty() && !take_line(on_event)) return false;
  return dispatch(on_event);
}

/// The size of an event depends only on the bytes received, not on how the stream was cut into pieces: the limit is
/// reached at the same byte.
bool SseParser::take_bytes(std::string_view bytes) {
  const std::size_t held = line_.size() + event_.data.size() + event_.name.size();
  if (bytes.size() > options_.event_bytes_max - held) {
    failed_ = true;
    return false;
  }
  line_.append(bytes);
  return true;
}

bool SseParser::take_line(const OnEvent& on_event) {
  std::string_view line = line_;
  if (at_start_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  at_start_ = false;
  if (line.empty()) {
    line_.clear();
    return dispatch(on_event);
  }
  if (line.front() == '{') {
    const std::string json(line);
    line_.clear();
    if (has_data_ && !dispatch(on_event)) return false;
    event_.data = json;
    has_data_ = true;
    return dispatch(on_event);
  }
  const auto colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "error") event_.name = field;
  if (field == "data" || field == "error") {
    if (has_data_) event_.data += '\n';
    event_.data.append(value);
    has_data_ = true;
  } else if (field == "event") {
    event_.name = value;
  }
  line_.clear();
  return true;
}

bool SseParser::dispatch(const OnEvent& on_event) {
  if (has_data_ && !on_event(event_)) stopped_ = true;
  event_.name.clear();
  event_.data.clear();
  has_data_ = false;
  return !stopped_;
}

}  // namespace strawberry
