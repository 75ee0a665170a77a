#include "bridge/llm/tool_call_fragments.h"

#include <algorithm>

#include "bridge/llm/wire.h"
#include "bridge/llm/wire_json.h"

namespace strawberry::bridge {

using nlohmann::json;

struct ToolCallFragments::Fragment {
  std::optional<std::int64_t> index;
  std::string id;
  std::string name;
  std::string arguments;

  explicit Fragment(const json& fragment) : id(string_at(fragment, "id")) {
    if (const json* at = member(fragment, "index"); at && at->is_number_integer()) index = at->get<std::int64_t>();
    const json* function = member(fragment, "function");
    if (!function) return;
    name = string_at(*function, "name");
    const json* given = member(*function, "arguments");
    if (given && given->is_string()) arguments = given->get<std::string>();
    if (given && given->is_object()) arguments = given->dump();
  }
};

ToolCallFragments::Begun* ToolCallFragments::find(const Fragment& fragment) {
  const auto last_that = [this](auto fits) -> Begun* {
    const auto found = std::find_if(begun_.rbegin(), begun_.rend(), fits);
    return found == begun_.rend() ? nullptr : &*found;
  };
  const auto same_place = [&](const Begun& begun) {
    return !fragment.index || !begun.index || *fragment.index == *begun.index;
  };
  if (!fragment.id.empty()) {
    Begun* known = last_that([&](const Begun& begun) { return begun.call.id == fragment.id && same_place(begun); });
    if (known) return known;
  }
  Begun* last = last_that(same_place);
  // Only a name can begin a call: an id alone may be another one in each fragment, or come late.
  if (!last || fragment.name.empty() || last->call.name.empty()) return last;
  const bool is_same_name = last->call.name == fragment.name;
  if (!fragment.id.empty()) return is_same_name && last->written.is_open() ? last : nullptr;
  const bool is_next = !last->written.is_open() && !last->call.arguments.empty() && fragment.arguments.starts_with('{');
  return is_same_name && !is_next ? last : nullptr;
}

/// Whether brackets and quotes are closed, as far as it has come.
void ToolCallFragments::Balance::add(std::string_view text) {
  for (const char c : text) {
    if (in_string_) {
      in_string_ = is_escaped_ || c != '"';
      is_escaped_ = !is_escaped_ && c == '\\';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      --depth_;
    }
  }
}

ToolCallFragments::Begun& ToolCallFragments::begin(const Fragment& fragment) {
  if (begun_.size() > reply_tool_calls_max) begun_.pop_back();
  return begun_.emplace_back(Begun{fragment.index, {}, {}});
}

void ToolCallFragments::add(const json& json_fragment) {
  if (json_fragment.is_object()) add(Fragment(json_fragment), false);
}

void ToolCallFragments::add_whole(const json& json_fragment) {
  if (!json_fragment.is_object()) return;
  const Fragment fragment(json_fragment);
  add(fragment, !fragment.index && !fragment.name.empty());
}

void ToolCallFragments::add(const Fragment& fragment, bool is_new) {
  Begun* known = is_new ? nullptr : find(fragment);
  Begun& begun = known ? *known : begin(fragment);
  if (begun.call.id.empty()) begun.call.id = fragment.id;
  if (begun.call.name.empty()) begun.call.name = fragment.name;
  begun.call.arguments += fragment.arguments;
  begun.written.add(fragment.arguments);
}

std::vector<ToolCall> ToolCallFragments::take() {
  std::vector<ToolCall> calls;
  for (auto& begun : begun_)
    if (calls.size() < reply_tool_calls_max) calls.push_back(std::move(begun.call));
  begun_.clear();
  return calls;
}

}  // namespace strawberry::bridge
