#include "bridge/llm/tool_call_fragments.h"

#include <algorithm>

#include "bridge/llm/wire.h"
#include "bridge/llm/wire_json.h"

namespace strawberry {

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
  if (!last) return nullptr;
  // An id may come late, but then without the name.
  if (!fragment.id.empty()) return last->call.id.empty() && fragment.name.empty() ? last : nullptr;
  if (fragment.name.empty()) return last;
  const bool other_name = !last->call.name.empty() && last->call.name != fragment.name;
  const bool was_complete = last->call.arguments.ends_with('}') && fragment.arguments.starts_with('{');
  return other_name || was_complete ? nullptr : last;
}

ToolCallFragments::Begun& ToolCallFragments::begin(const Fragment& fragment) {
  if (begun_.size() > reply_tool_calls_max) begun_.pop_back();
  return begun_.emplace_back(Begun{fragment.index, {}});
}

void ToolCallFragments::add(const json& json_fragment) {
  if (!json_fragment.is_object()) return;
  const Fragment fragment(json_fragment);
  Begun* known = find(fragment);
  ToolCall& call = known ? known->call : begin(fragment).call;
  if (call.id.empty()) call.id = fragment.id;
  if (call.name.empty()) call.name = fragment.name;
  call.arguments += fragment.arguments;
}

std::vector<ToolCall> ToolCallFragments::take() {
  std::vector<ToolCall> calls;
  for (auto& begun : begun_)
    if (calls.size() < reply_tool_calls_max) calls.push_back(std::move(begun.call));
  begun_.clear();
  for (auto& call : calls)
    if (call.arguments.empty()) call.arguments = "{}";
  return calls;
}

}  // namespace strawberry
