#include "common/runtime/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/runtime/limited_sink.h"
#include "common/runtime/request_log.h"
#include "common/text/clock.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry {
namespace {

std::string json_string(const std::string& text) { return to_text(nlohmann::json(text)); }

void append(spdlog::memory_buf_t& out, std::string_view text) { out.append(text.data(), text.data() + text.size()); }

/// Writes the message into the line: cut, and quoted when lines are JSON.
class BoundedMessage final : public spdlog::custom_flag_formatter {
 public:
  BoundedMessage(bool json, std::size_t bytes_max) : json_(json), bytes_max_(bytes_max) {}

  void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& out) override {
    const bool cut = line.payload.size() > bytes_max_;
    std::string text(line.payload.data(), std::min(line.payload.size(), bytes_max_));
    if (cut) text += "...";
    append(out, json_ ? json_string(text) : text);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<BoundedMessage>(json_, bytes_max_);
  }

 private:
  bool json_;
  std::size_t bytes_max_;
};

/// Writes the fields of the request to which the line belongs.
class RequestFields final : public spdlog::custom_flag_formatter {
 public:
  explicit RequestFields(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    const LogFields& fields = fields_of_line();
    if (json_) {
      add(out, "correlation_id", fields.correlation_id);
      add(out, "sender", fields.sender);
      add(out, "service", fields.service);
      add(out, "op", fields.op);
    } else if (!fields.correlation_id.empty()) {
      append(out, "[" + printable(fields.correlation_id, field_bytes_max) + "] ");
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<RequestFields>(json_); }

 private:
  static void add(spdlog::memory_buf_t& out, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    append(out, ",\"" + std::string(name) + "\":" + json_string(printable(value, field_bytes_max)));
  }

  bool json_;
};

/// The sink of this process, from start_logging() on.
std::shared_ptr<LimitedSink> limited_sink;

}  // namespace

std::unique_ptr<spdlog::formatter> make_log_formatter(const std::string& format, std::size_t line_bytes_max) {
  const bool json = format == "json";
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<BoundedMessage>('*', json, line_bytes_max);
  formatter->add_flag<RequestFields>('&', json);
  formatter->set_pattern(json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*%&})"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %-8l %&%*");
  return formatter;
}

void start_logging(const LogOptions& options) {
  static const SystemClock clock;
  limited_sink = std::make_shared<LimitedSink>(std::make_shared<spdlog::sinks::stderr_sink_mt>(), clock,
                                               options.lines_per_second_max);
  auto logger = std::make_shared<spdlog::logger>("bridge", limited_sink);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  change_logging(options);
}

/// Keeps the logger object, since the store's thread may be using it.
void change_logging(const LogOptions& options) {
  auto* logger = spdlog::default_logger_raw();
  logger->set_formatter(make_log_formatter(options.format, options.line_bytes_max));
  logger->set_level(spdlog::level::from_str(options.level));
  limited_sink->allow(options.lines_per_second_max);
}

void tick_logging() { limited_sink->tick(); }

void finish_logging() { limited_sink->finish(); }

}  // namespace strawberry
