/// Server-sent events from bytes that come in any pieces (WHATWG HTML, section 9.2.6): lines end in LF, CR or CRLF,
/// several `data:` are joined by LF, comments are skipped, a byte order mark at the start is dropped, UTF-8 may be cut
/// anywhere.
///
/// Also accepts two deviations of model servers: a line `error:` is the data of an event of that name, and a line that
/// begins with a brace, which no field does, is the data of an event.
///
/// Pure; one stream.   Bounds: an event and the line being read have at most Options::event_bytes_max bytes together;
/// beyond that feed() returns false and has_failed() is true.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace strawberry {

struct SseEvent {
  std::string name;  // `event:`, empty when absent
  std::string data;
};

class SseParser {
 public:
  struct Options {
    std::size_t event_bytes_max = 1024 * 1024;
  };
  /// Returns whether it wants further events.
  using OnEvent = std::function<bool(const SseEvent& event)>;

  explicit SseParser(Options options) : options_(options) {}

  /// Calls `on_event` for each complete event. Returns false once on_event did, or a limit was exceeded.
  bool feed(std::string_view bytes, const OnEvent& on_event);
  /// Ends the stream. Also passes an event whose empty line is missing, since some servers omit it.
  bool finish(const OnEvent& on_event);
  bool has_failed() const { return failed_; }

 private:
  bool take_bytes(std::string_view bytes);
  bool take_line(const OnEvent& on_event);
  bool dispatch(const OnEvent& on_event);
  bool is_over() const { return stopped_ || failed_; }

  const Options options_;
  std::string line_;  // the part received so far
  SseEvent event_;    // the part received so far
  bool has_data_ = false;
  bool after_cr_ = false;  // an LF that comes next belongs to the same line end
  bool at_start_ = true;
  bool stopped_ = false;
  bool failed_ = false;
};

}  // namespace strawberry
