#include "common/runtime/limited_sink.h"

#include <chrono>

#include "common/runtime/request_log.h"

namespace strawberry {

void LimitedSink::log(const spdlog::details::log_msg& line) {
  const std::lock_guard lock(mutex_);
  end_second();
  Count& count = count_of({line.level, kind_of_line().substr(0, kind_bytes_max)});
  if (lines_max_ != 0 && count.written >= lines_max_) {
    ++count.left_out;
    return;
  }
  ++count.written;
  out_->log(line);
}

void LimitedSink::flush() {
  const std::lock_guard lock(mutex_);
  out_->flush();
}

void LimitedSink::set_pattern(const std::string& pattern) {
  const std::lock_guard lock(mutex_);
  out_->set_pattern(pattern);
}

void LimitedSink::set_formatter(std::unique_ptr<spdlog::formatter> formatter) {
  const std::lock_guard lock(mutex_);
  out_->set_formatter(std::move(formatter));
}

void LimitedSink::allow(std::uint64_t lines_per_second_max) {
  const std::lock_guard lock(mutex_);
  lines_max_ = lines_per_second_max;
}

void LimitedSink::tick() {
  const std::lock_guard lock(mutex_);
  end_second();
}

void LimitedSink::finish() {
  const std::lock_guard lock(mutex_);
  say_what_was_left_out();
}

LimitedSink::Count& LimitedSink::count_of(Kind kind) {
  if (const auto known = counts_.find(kind); known != counts_.end()) return known->second;
  if (counts_.size() >= kinds_max) kind.second = {};
  return counts_[{kind.first, std::string(kind.second)}];
}

void LimitedSink::end_second() {
  const SteadyTime now = clock_.steady_now();
  if (now - second_began_ < std::chrono::seconds(1)) return;
  second_began_ = now;
  say_what_was_left_out();
  counts_.clear();
}

void LimitedSink::say_what_was_left_out() {
  const LogLine of_no_request({}, {});
  bool said = false;
  for (auto& [kind, count] : counts_) {
    if (count.left_out == 0) continue;
    const auto& [level, format] = kind;
    const std::string text = std::to_string(std::exchange(count.left_out, 0)) + " more lines " +
                             (format.empty() ? "of other kinds, not written" : "like this, not written: " + format);
    out_->log(spdlog::details::log_msg({}, level, text));
    said = true;
  }
  if (said) out_->flush();
}

}  // namespace strawberry
