/// A Sight as one line: for a person, as wide as the terminal and in colours where there is one, or as JSON.
///
/// Pure functions.
#pragma once

#include <cstddef>
#include <string>

#include "cli/tail/watch.h"

namespace strawberry::cli {

struct LineStyle {
  std::size_t columns = 0;  // of the terminal; 0: as wide as it comes, the summary cut at 160 bytes
  bool colours = false;
  bool ids = false;  // also the id of the topic and the correlation_id
};

/// `12:00:00.123 ← Kitchen Tablet      skills.call     ok 0.8 ms  Playing Yesterday`, without a line end.
std::string show_sight(const Sight& sight, const LineStyle& style);
/// One JSON object: the message, and what is understood of it.
std::string sight_as_json(const Sight& sight);

}  // namespace strawberry::cli
