/// Formats a Sight as one line: for a person, as wide as the terminal and in colours if it has them, or as JSON.
///
/// Pure functions.
#pragma once

#include <cstddef>
#include <string>

#include "cli/tail/watch.h"

namespace strawberry::cli {

struct LineStyle {
  std::size_t columns = 0;  // of the terminal; 0: unlimited, with the summary cut at 160 bytes
  bool colours = false;
  bool ids = false;  // also the id of the topic and the correlation_id
};

/// Returns `12:00:00.123 ← Kitchen Tablet      skills.call     ok 0.8 ms  Playing Yesterday`, without a line end.
std::string show_sight(const Sight& sight, const LineStyle& style);
/// Returns one JSON object: the message, and its interpretation.
std::string sight_as_json(const Sight& sight);

}  // namespace strawberry::cli
