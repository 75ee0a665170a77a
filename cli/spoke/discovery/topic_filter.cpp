#include "cli/spoke/discovery/topic_filter.h"

#include <algorithm>

#include "common/text/utf8.h"

namespace strawberry::cli::discovery {
namespace {

std::vector<std::string_view> levels_of(std::string_view topic) {
  std::vector<std::string_view> levels;
  for (std::size_t at = 0;;) {
    const std::size_t end = std::min(topic.find('/', at), topic.size());
    levels.push_back(topic.substr(at, end - at));
    if (end == topic.size()) return levels;
    at = end + 1;
  }
}

std::string fault_of_text(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (text.size() > foreign_topic_bytes_max)
    return "it has more than " + std::to_string(foreign_topic_bytes_max) + " bytes";
  const bool has_control =
      std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (has_control || !is_utf8(text)) return "it has control characters, or is not UTF-8";
  return {};
}

}  // namespace

bool has_wildcard(std::string_view filter) { return filter.find_first_of("+#") != std::string_view::npos; }

std::string fault_of_topic(std::string_view topic) {
  if (has_wildcard(topic)) return "it has a wildcard";
  if (!topic.empty() && topic.front() == '$') return "it begins with '$'";
  return fault_of_text(topic);
}

std::string fault_of_filter(std::string_view filter) {
  if (auto fault = fault_of_text(filter); !fault.empty()) return fault;
  if (filter.front() == '$') return "it begins with '$'";
  const auto levels = levels_of(filter);
  bool names_one = false;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const bool is_wild = has_wildcard(levels[i]);
    if (is_wild && levels[i].size() > 1) return "a wildcard stands for a whole level";
    if (levels[i] == "#" && i + 1 < levels.size()) return "'#' stands at the end";
    names_one = names_one || (!is_wild && !levels[i].empty());
  }
  return names_one ? "" : "it stands for all topics";
}

bool matches(std::string_view filter, std::string_view topic) {
  std::size_t f = 0, t = 0;
  while (true) {
    const std::size_t filter_end = std::min(filter.find('/', f), filter.size());
    const auto wanted = filter.substr(f, filter_end - f);
    if (wanted == "#") return true;
    if (t > topic.size()) return false;
    const std::size_t topic_end = std::min(topic.find('/', t), topic.size());
    if (wanted != "+" && wanted != topic.substr(t, topic_end - t)) return false;
    const bool filter_is_over = filter_end == filter.size();
    const bool topic_is_over = topic_end == topic.size();
    if (filter_is_over && topic_is_over) return true;
    if (filter_is_over) return false;
    if (topic_is_over && filter.substr(filter_end) != "/#") return false;
    f = filter_end + 1;
    t = topic_is_over ? topic.size() : topic_end + 1;
    if (topic_is_over) return true;
  }
}

}  // namespace strawberry::cli::discovery
