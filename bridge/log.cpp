#include "bridge/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace strawberry {
namespace {

/// The message as it goes into the line: cut, and quoted when lines are JSON.
class BoundedMessage final : public spdlog::custom_flag_formatter {
 public:
  BoundedMessage(bool json, std::size_t bytes_max) : json_(json), bytes_max_(bytes_max) {}

  void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& out) override {
    const bool cut = line.payload.size() > bytes_max_;
    std::string text(line.payload.data(), std::min(line.payload.size(), bytes_max_));
    if (cut) text += "...";
    if (json_) text = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<BoundedMessage>(json_, bytes_max_);
  }

 private:
  bool json_;
  std::size_t bytes_max_;
};

}  // namespace

void start_logging(const std::string& level, const std::string& format, std::size_t line_bytes_max) {
  const bool json = format == "json";
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<BoundedMessage>('*', json, line_bytes_max);
  formatter->set_pattern(json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %-8l %*");
  auto logger = std::make_shared<spdlog::logger>("bridge", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace strawberry
