#include "cli/spoke/mcp/tool_skill.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "cli/spoke/mcp/schema_signature.h"
#include "cli/text.h"
#include "common/contract/python_name.h"
#include "common/contract/schemas/argument_schema.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t identifier_bytes_max = 100;  // the contract allows 128: a number may follow
constexpr std::size_t description_bytes_max = 4 * 1024;
constexpr std::size_t argument_line_bytes_max = 300;
constexpr std::size_t remarks_max = 20;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

bool is_number(char c) { return c >= '0' && c <= '9'; }

std::string function_name_of(const std::string& tool_name) {
  if (tool_name.size() <= identifier_bytes_max && python_identifier(tool_name) == tool_name &&
      !is_python_keyword(tool_name))
    return tool_name;
  std::string name = ascii_name(tool_name).substr(0, identifier_bytes_max);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_word(c); }, '_');
  if (name.empty() || is_number(name.front())) name.insert(0, "_");
  if (is_python_keyword(name)) name += "_";
  return name;
}

/// Keeps line ends and tabs, removes other control characters; cuts between characters.
std::string cleaned(const std::string& text, std::size_t bytes_max) {
  std::string clean;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 ? byte != 0x7f : c == '\n' || c == '\t') clean += c;
  }
  if (clean.size() <= bytes_max) return clean;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xC0U) == 0x80U) --end;
  return clean.substr(0, end) + "…";
}

std::string on_a_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

/// Describes the arguments, for which the signature has no place.
std::string argument_lines(const json& schema, const Signature& signature) {
  std::string lines;
  for (const auto& [name, property] : schema.at("properties").items()) {
    const bool is_parameter = std::any_of(signature.parameters.begin(), signature.parameters.end(),
                                          [&name = name](const Parameter& each) { return each.name == name; });
    const std::string said = text_member(property, "description");
    const std::string type = text_member(property, "type");
    if (said.empty() && is_parameter) continue;
    const std::string what = said.empty() ? type : said;
    lines += cleaned(on_a_line(name + ": " + what), argument_line_bytes_max) + "\n";
  }
  return lines;
}

std::string docstring_of(const json& tool, const json& schema, const Signature& signature) {
  std::string text = text_member(tool, "description");
  if (text.empty()) text = text_member(tool, "title");
  if (text.empty()) text = text_member(tool.value("annotations", json()), "title");
  text = cleaned(text, description_bytes_max);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const std::string lines = argument_lines(schema, signature);
  if (!lines.empty()) text += (text.empty() ? "" : "\n\n") + lines;
  return cleaned(text, tool_docstring_bytes_max);
}

bool says(const json& tool, const char* hint) {
  const json annotations = tool.value("annotations", json());
  return annotations.is_object() && annotations.value(hint, json()) == true;
}

bool is_confirmed(const json& tool, ConfirmTools confirm) {
  if (confirm == ConfirmTools::never || says(tool, "readOnlyHint")) return false;
  return confirm == ConfirmTools::writing || says(tool, "destructiveHint");
}

/// Makes the skills one after the other, so that all names differ.
class Maker {
 public:
  Maker(const std::string& class_name, ConfirmTools confirm) : class_name_(class_name), confirm_(confirm) {}

  void add(const json& tool) {
    const std::string name = text_member(tool, "name");
    if (name.empty() || name.size() > tool_name_bytes_max) return remark("a tool has no name, or too long a one");
    if (text_member(tool.value("execution", json()), "taskSupport") == "required")
      return remark(in_quotes(name, 60) + " is left out: it runs as a task only");
    if (!tool_names_.insert(name).second) return remark(in_quotes(name, 60) + " is there twice");
    if (made_.skills.size() == skills_max)
      return remark("there are more than " + std::to_string(skills_max) + " tools");
    ToolSkill skill = read(tool, name);
    const std::size_t bytes = to_text(skill.registration()).size();
    if (bytes_ + bytes > registration_bytes_max)
      return remark(in_quotes(name, 60) + " is left out: together the tools say more than " +
                    std::to_string(registration_bytes_max) + " bytes of themselves");
    bytes_ += bytes;
    made_.skills.push_back(std::move(skill));
  }

  ToolSkills take() && { return std::move(made_); }

 private:
  ToolSkill read(const json& tool, const std::string& name) {
    ToolSkill skill;
    skill.tool_name = name;
    skill.class_name = class_name_;
    const json given = tool.value("inputSchema", json::object());
    auto schema = ArgumentSchema::read(given, AtCycle::admit_anything);
    if (!schema) remark(in_quotes(name, 60) + ": its schema is left out: " + printable(schema.error().message, 200));
    const json document =
        schema ? schema->document() : json{{"properties", json::object()}, {"required", json::array()}};
    const std::string function_name = free_name(function_name_of(name));
    auto form = signature_of_schema(function_name, document);
    if (!schema) form = {function_name + "(**arguments)", /*says_all=*/true};
    skill.signature = parse_signature(form.text).value_or(Signature{});
    skill.signature_text = std::move(form.text);
    if (!form.says_all) skill.input_schema = document;
    skill.docstring = docstring_of(tool, document, skill.signature);
    skill.confirm = is_confirmed(tool, confirm_);
    const json& required = document.at("required");
    for (const auto& [argument, property] : document.at("properties").items()) {
      const bool is_required = std::find(required.begin(), required.end(), argument) != required.end();
      if (!is_required && !admits_null(property)) skill.never_null.push_back(argument);
    }
    return skill;
  }

  std::string free_name(const std::string& wanted) {
    std::string name = wanted;
    for (int number = 2; !functions_.insert(name).second; ++number) name = wanted + "_" + std::to_string(number);
    return name;
  }

  void remark(std::string line) {
    if (made_.remarks.size() < remarks_max) made_.remarks.push_back(std::move(line));
  }

  const std::string class_name_;
  const ConfirmTools confirm_;
  ToolSkills made_;
  std::set<std::string> tool_names_;
  std::set<std::string> functions_;
  std::size_t bytes_ = 0;
};

}  // namespace

json ToolSkill::registration() const {
  json entry{{"class_name", class_name},
             {"function_name", signature.function_name},
             {"signature", signature_text},
             {"docstring", docstring},
             {"confirm", confirm}};
  if (!input_schema.is_null()) entry["input_schema"] = input_schema;
  return entry;
}

ToolSkills skills_of_tools(const std::vector<json>& tools, const std::string& class_name, ConfirmTools confirm) {
  Maker maker(class_name, confirm);
  for (const json& tool : tools) maker.add(tool);
  return std::move(maker).take();
}

std::string class_name_of_server(std::string_view server_name) {
  // `example-servers/everything`: the last part is the name.
  if (const auto slash = server_name.rfind('/'); slash != std::string_view::npos && slash + 1 < server_name.size())
    server_name.remove_prefix(slash + 1);
  std::string name;
  bool begins_word = true;
  for (const char c : ascii_name(server_name).substr(0, identifier_bytes_max)) {
    if (!is_word(c) || c == '_') {
      begins_word = true;
      continue;
    }
    name += begins_word && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    begins_word = false;
  }
  if (name.empty()) return "McpServer";
  if (is_number(name.front())) name.insert(0, "_");
  return is_python_keyword(name) ? name + "_" : name;
}

Result<json> tool_arguments(const ToolSkill& skill, const json& args, const json& kwargs) {
  if (!args.is_null() && !args.is_array()) return fail("args must be an array");
  if (!kwargs.is_null() && !kwargs.is_object()) return fail("kwargs must be an object");
  json arguments = kwargs.is_object() ? kwargs : json::object();
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto& parameters = skill.signature.parameters;
    const bool is_taken = i < parameters.size() && parameters[i].kind == Parameter::Kind::positional;
    if (!is_taken) return fail(skill.path() + " takes at most " + std::to_string(i) + " arguments without a name");
    if (!arguments.emplace(parameters[i].name, args[i]).second)
      return fail("the argument " + parameters[i].name + " is given twice");
  }
  for (const std::string& name : skill.never_null) {
    if (const auto given = arguments.find(name); given != arguments.end() && given->is_null()) arguments.erase(given);
  }
  return arguments;
}

}  // namespace strawberry::cli
