/// Interprets the messages that pass the broker: direction, principal, request, result and duration of each. No I/O;
/// its clock is given.
///
/// Threading: one thread.   Errors: none; a message that it cannot interpret is passed on unchanged.
/// Bounds: requests_open_max and calls_open_max waiting for their answers, streams_open_max streams, names_max names;
/// the oldest is dropped, which only loses its duration. Summaries have summary_bytes_max.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/tail/follow.h"
#include "cli/tail/recent_map.h"
#include "common/contract/mqtt_message.h"
#include "common/contract/topics.h"
#include "common/text/clock.h"

namespace strawberry::cli {

enum class Direction { to_hub, from_hub, notice };

/// One line: an interpreted message, or the streamed text of one chat. Texts that are shown are printable.
struct Sight {
  WallTime at;
  Direction direction = Direction::notice;
  std::string topic;
  bool retained = false;
  std::string id;   // of the topic, or the principal of an audit line
  std::string who;  // its name; the id when it has none
  std::string op;
  std::string outcome;  // `ok`, an error code, a state; empty while undecided
  std::optional<std::chrono::nanoseconds> took;
  std::string summary;
  std::string correlation_id;
  nlohmann::json payload;    // without tokens; a string when it is not JSON
  std::size_t gathered = 0;  // number of text pieces in this line
};

class Watch {
 public:
  static constexpr std::size_t requests_open_max = 10'000;
  static constexpr std::size_t calls_open_max = 10'000;
  static constexpr std::size_t streams_open_max = 256;
  static constexpr std::size_t names_max = 10'000;
  static constexpr std::size_t summary_bytes_max = 2'048;

  struct Options {
    bool gather_text = false;             // of a stream: one line instead of one for each piece
    std::string follow_correlation = {};  // only messages that belong to it; empty: all
  };
  /// Returns a device's name; empty when it is unknown.
  using NameOf = std::function<std::string(const std::string& id)>;

  Watch(const Clock& clock, Options options, NameOf name_of);

  /// Returns the lines that this message completes, in order: none while text is gathered, or if it is not followed.
  std::vector<Sight> see(const MqttMessage& message);
  /// Returns text that was gathered and not shown yet.
  std::vector<Sight> end();

 private:
  struct Asked {
    std::string op;
    SteadyTime at;
  };
  struct Stream {
    Sight sight;
    std::string text;
    SteadyTime began;
  };
  struct Ids {
    std::optional<std::string> correlation_id;
    std::optional<std::string> correlation_data;
    /// Returns the key by which request and response are matched; empty when they cannot be.
    std::string key(const ServiceTopic& topic) const;
  };

  bool request(const MqttMessage& message, const ServiceTopic& topic, Sight& sight);
  bool response(const MqttMessage& message, const ServiceTopic& topic, Sight& sight, std::vector<Sight>& lines);
  bool call(const MqttMessage& message, Sight& sight);
  bool result(Sight& sight);
  bool status(const ServiceTopic& topic, Sight& sight);
  bool notice(Sight& sight);
  void gather(const std::string& key, const Sight& sight, std::vector<Sight>& lines);
  void let_go(const std::string& key, std::vector<Sight>& lines);
  static Sight finished(Stream stream);
  std::string name_of(const std::string& id);
  bool is_everything() const { return !follow_; }

  const Clock& clock_;
  Options options_;
  NameOf ask_name_;
  std::optional<Follow> follow_;
  RecentMap<Asked> requests_{requests_open_max};
  RecentMap<SteadyTime> calls_{calls_open_max};
  RecentMap<Stream> streams_{streams_open_max};
  RecentMap<std::string> names_{names_max};
};

}  // namespace strawberry::cli
