/// Whether an entity is available: `availability_topic`, or `availability` with its mode.
///
/// Pure.   Bounds: availability_topics_max for an entity.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/spoke/discovery/message.h"
#include "cli/spoke/discovery/settings.h"

namespace strawberry::cli::discovery {

inline constexpr std::size_t availability_topics_max = 16;

class Availability {
 public:
  enum class Mode { all, any, latest };
  struct Source {
    std::string topic;
    TemplatePtr how;  // null: use the payload unchanged
    std::string available;
    std::string not_available;
    std::optional<bool> said{};
    bool is_given_up = false;  // its template takes too long: what was said last stays
  };

  void set_mode(std::string_view mode);
  void add(Source source) { sources_.push_back(std::move(source)); }

  /// If false, it is always available.
  bool is_known() const { return !sources_.empty(); }
  bool is_available() const;
  const std::vector<Source>& sources() const { return sources_; }
  /// A message of the topic filter. True when that makes a difference. `problem` becomes why a template is given up.
  bool take(const std::string& filter, Message& message, std::string& problem);

 private:
  std::vector<Source> sources_;
  Mode mode_ = Mode::latest;
  std::optional<bool> latest_;
};

}  // namespace strawberry::cli::discovery
