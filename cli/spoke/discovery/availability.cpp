#include "cli/spoke/discovery/availability.h"

#include <algorithm>

namespace strawberry::cli::discovery {

void Availability::set_mode(std::string_view mode) {
  mode_ = mode == "all" ? Mode::all : mode == "any" ? Mode::any : Mode::latest;
}

bool Availability::is_available() const {
  if (sources_.empty()) return true;
  const auto says_yes = [](const Source& each) { return each.said.value_or(false); };
  switch (mode_) {
    case Mode::all: return std::all_of(sources_.begin(), sources_.end(), says_yes);
    case Mode::any: return std::any_of(sources_.begin(), sources_.end(), says_yes);
    default: return latest_.value_or(false);
  }
}

bool Availability::take(const std::string& filter, Message& message, std::string& problem) {
  const bool before = is_available();
  for (Source& source : sources_) {
    if (source.topic != filter || source.is_given_up) continue;
    const auto& text = message.text(source.how.get());
    if (!text) {
      source.is_given_up = text.error().is_over;
      if (source.is_given_up) problem = text.error().message;
      continue;
    }
    if (*text == source.available) {
      source.said = latest_ = true;
    } else if (*text == source.not_available) {
      source.said = latest_ = false;
    }
  }
  return is_available() != before;
}

}  // namespace strawberry::cli::discovery
