#include "bridge/chat/hub_tools.h"

#include <algorithm>

#include "bridge/chat/planned_call.h"
#include "bridge/rules/lexicon.h"
#include "bridge/rules/words.h"
#include "bridge/skills/input_schema.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"
#include "common/text/strict_json.h"

namespace strawberry::bridge::hub_tools {
namespace {

using nlohmann::json;

constexpr std::size_t devices_named_max = 8;
constexpr std::size_t summary_bytes_max = 200;
constexpr std::size_t words_max = 8;
constexpr std::size_t word_bytes_min = 3;  // shorter ones stand in nearly every text

json one_text(const char* key, const char* description) {
  return {{"type", "object"},
          {"properties", {{key, {{"type", "string"}, {"description", description}}}}},
          {"required", json::array({key})},
          {"additionalProperties", false}};
}

std::string summary_of(const std::string& docstring) {
  const auto start = docstring.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) return {};
  return as_data(docstring.substr(start, docstring.find_first_of("\r\n", start) - start), summary_bytes_max);
}

json entry_of(const Named& named) {
  const auto& [tool, skill] = named;
  json devices = json::array();
  json rooms = json::object();
  for (std::size_t i = 0; i < skill.devices.size() && i < devices_named_max; ++i) {
    const auto& device = skill.devices[i];
    devices.push_back(device.normalized_name);
    if (!device.room.empty()) rooms[device.normalized_name] = as_data(device.room, summary_bytes_max);
  }
  json entry = {{"tool", tool},
                {"path", skill.path()},
                {"signature", skill.skill.signature},
                {"devices", std::move(devices)},
                {"device_count", skill.devices.size() + skill.more_devices}};
  if (!rooms.empty()) entry["rooms"] = std::move(rooms);
  if (skill.skill.confirm) entry["user_is_asked_first"] = true;
  return entry;
}

std::size_t bytes_of(const json& value) { return to_text(value).size(); }

}  // namespace

Tool search(std::string name) {
  Tool tool;
  tool.name = std::move(name);
  tool.description =
      "Finds skills of the user's devices by words of their names and descriptions. Only some skills are listed as "
      "tools: search for others before saying that something cannot be done. A skill that was found is a tool from "
      "the next step on, under the name given as `tool`.";
  tool.parameters = one_text("query", "One to three words, such as: play song");
  return tool;
}

Tool describe(std::string name) {
  Tool tool;
  tool.name = std::move(name);
  tool.description =
      "Tells a skill's signature, its whole description, its parameters and the devices it runs on. It is a tool from "
      "the next step on.";
  tool.parameters = one_text("path", "Class.function, as a search gives it");
  return tool;
}

Reply<std::string> read_argument(const std::string& arguments, const char* key) {
  if (arguments.size() > arguments_bytes_max) return error(ErrorCode::bad_request, "the arguments are too large");
  const auto read = parse_strict_object(arguments, arguments_depth_max);
  if (!read) return error(ErrorCode::bad_request, "the arguments must be a JSON object");
  const auto pointer = std::string("/") + key;
  const auto text = read->find(key);
  if (text == read->end() || !text->is_string() || read->size() != 1)
    return error(ErrorCode::bad_request, std::string("the one argument is ") + key + ", a text", {{"path", pointer}});
  auto value = text->get<std::string>();
  if (value.empty() || value.size() > text_bytes_max)
    return error(ErrorCode::bad_request,
                 std::string(key) + " must have 1 to " + std::to_string(text_bytes_max) + " bytes",
                 {{"path", pointer}});
  return value;
}

json search_answer(const std::vector<Named>& skills, bool has_more) {
  json list = json::array();
  std::size_t bytes = 0;
  for (const auto& named : skills) {
    json entry = entry_of(named);
    entry["summary"] = summary_of(named.second.skill.docstring);
    bytes += bytes_of(entry);
    if (bytes > answer_bytes_max) {
      has_more = true;
      break;
    }
    list.push_back(std::move(entry));
  }
  if (list.empty() && !has_more) return {{"skills", list}, {"hint", "nothing fits; try other or fewer words"}};
  json answer = {{"skills", std::move(list)}};
  if (has_more) answer["hint"] = "there are more; other words may find what fits better";
  return answer;
}

json describe_answer(const std::vector<Named>& skills) {
  json list = json::array();
  for (const auto& named : skills) {
    const auto& row = named.second.skill;
    json entry = entry_of(named);
    entry["docstring"] = as_data(row.docstring, docstring_bytes_max);
    if (row.docstring.size() > docstring_bytes_max) entry["docstring_is_cut"] = true;
    if (const auto signature = parse_signature(row.signature)) entry["parameters"] = parameters_of(row, *signature);
    list.push_back(std::move(entry));
  }
  return {{"skills", std::move(list)}};
}

std::string words_about(const std::string& text) {
  std::string words;
  std::size_t count = 0;
  for (const auto& word : rules::read_sentence(text).words) {
    if (count == words_max) break;
    const bool says_nothing = word.stem.size() < word_bytes_min || word.number || word.is_quoted ||
                              rules::is_empty_word(word.fold) || rules::is_courtesy(word.fold) ||
                              rules::is_question(word.fold);
    if (says_nothing || word.stem.find(' ') != std::string::npos) continue;
    words += (count++ == 0 ? "" : " ") + word.stem;
  }
  return words;
}

}  // namespace strawberry::bridge::hub_tools
