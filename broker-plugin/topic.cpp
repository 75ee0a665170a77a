#include "broker-plugin/topic.h"

#include <array>

#include "common/text/ids.h"

namespace strawberry::plugin {
namespace {

/// What is special about a character of a topic; none for one that may stand in an id.
enum : unsigned char { is_in_id = 0, is_slash, is_wildcard, is_unprintable, is_other };

constexpr std::array<unsigned char, 256> kinds = [] {
  std::array<unsigned char, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c) {
    table[c] = is_id_character(static_cast<char>(c)) ? is_in_id : c < 0x20 || c == 0x7f ? is_unprintable : is_other;
  }
  table['/'] = is_slash;
  table['+'] = table['#'] = is_wildcard;
  return table;
}();

/// What one pass over a topic finds: it is made for each message.
struct Form {
  bool is_canonical = false;
  bool has_wildcard = false;
  bool has_id = false;  // the second level may be one
  std::size_t first_slash = std::string_view::npos;
  std::size_t second_slash = std::string_view::npos;
};

/// Whether the wildcard at `at` is alone on its level and, if it is `#`, at the end.
bool is_wildcard_in_place(std::string_view topic, std::size_t level_start, std::size_t at) {
  if (at + 1 == topic.size()) return at == level_start;
  return at == level_start && topic[at] == '+' && topic[at + 1] == '/';
}

Form form_of(std::string_view topic) {
  Form form;
  form.is_canonical = !topic.empty() && topic.size() <= policy_topic_bytes_max;
  std::size_t levels = 1;
  std::size_t level_start = 0;
  bool level_is_id = true;
  for (std::size_t i = 0; i < topic.size(); ++i) {
    const unsigned char kind = kinds[static_cast<unsigned char>(topic[i])];
    if (kind == is_in_id) continue;
    if (kind == is_slash) {
      if (i == level_start) form.is_canonical = false;  // an empty level
      if (levels == 1) form.first_slash = i;
      if (levels == 2) {
        form.second_slash = i;
        form.has_id = level_is_id && i > level_start && i - level_start <= id_bytes_max;
      }
      ++levels;
      level_start = i + 1;
      level_is_id = true;
      continue;
    }
    level_is_id = false;
    if (kind == is_unprintable) form.is_canonical = false;
    if (kind != is_wildcard) continue;
    form.has_wildcard = true;
    if (!is_wildcard_in_place(topic, level_start, i)) form.is_canonical = false;
  }
  if (level_start == topic.size() || levels > topic_levels_max) form.is_canonical = false;
  return form;
}

/// As parse_service_topic() of its text says.
std::optional<ServiceTopic> service_topic(const Topic& topic, const Form& form) {
  if (!form.has_id || topic.rest.empty()) return std::nullopt;
  const auto service = parse_service(topic.first);
  if (!service) return std::nullopt;
  return ServiceTopic{*service, topic.second, topic.rest};
}

bool has_sender(const Topic& topic) {
  if (topic.text == home_assistant_status_topic) return true;
  return topic.service &&
         (topic.rest == "request" || (topic.service->service == Service::skills && topic.rest == "result"));
}

}  // namespace

Topic read_topic(std::string_view text) {
  Topic topic;
  topic.text = text;
  const Form form = form_of(text);
  topic.first = text.substr(0, form.first_slash);
  if (form.first_slash != std::string_view::npos) {
    const std::size_t second = form.first_slash + 1;
    topic.second = text.substr(second, form.second_slash - second);
  }
  if (form.second_slash != std::string_view::npos) topic.rest = text.substr(form.second_slash + 1);
  topic.is_canonical = form.is_canonical;
  topic.has_wildcard = form.has_wildcard;
  topic.service = service_topic(topic, form);
  topic.carries_sender = has_sender(topic);
  return topic;
}

}  // namespace strawberry::plugin
