#include "cli/spoke/skill_file.h"

#include <sys/stat.h>

#include <toml++/toml.h>
#include <algorithm>
#include <optional>
#include <set>

#include "cli/files.h"
#include "cli/spoke/command_arguments.h"
#include "cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t identifier_bytes_max = 128;
constexpr std::size_t docstring_bytes_max = 16'384;
constexpr std::size_t command_words_max = 64;
constexpr std::size_t environment_names_max = 64;
constexpr std::int64_t timeout_ms_max = 120'000;         // the maximum for a call (contract, section 3)
constexpr std::int64_t output_bytes_max_most = 200'000;  // an answer has at most 256 KiB
constexpr const char* default_class = "CommandSkill";

bool is_identifier(std::string_view text) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= identifier_bytes_max && !(text.front() >= '0' && text.front() <= '9') &&
         std::all_of(text.begin(), text.end(), is_part);
}

/// Reads one table; keeps the first error, with its line.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string of) : table_(table), of_(std::move(of)) {}

  std::string text(const char* key, std::string otherwise, std::size_t bytes_max) {
    const toml::node* node = take(key);
    if (node == nullptr) return otherwise;
    const auto* value = node->as_string();
    if (value == nullptr || value->get().size() > bytes_max) {
      wrong(*node, key, "a text of at most " + std::to_string(bytes_max) + " bytes");
      return otherwise;
    }
    return value->get();
  }
  std::int64_t number(const char* key, std::int64_t otherwise, std::int64_t least, std::int64_t most) {
    const toml::node* node = take(key);
    if (node == nullptr) return otherwise;
    const auto* value = node->as_integer();
    if (value == nullptr || value->get() < least || value->get() > most) {
      wrong(*node, key, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
      return otherwise;
    }
    return value->get();
  }
  bool flag(const char* key) {
    const toml::node* node = take(key);
    if (node == nullptr) return false;
    const auto* value = node->as_boolean();
    if (value == nullptr) wrong(*node, key, "true or false");
    return value != nullptr && value->get();
  }
  std::vector<std::string> texts(const char* key, std::size_t count_max) {
    const toml::node* node = take(key);
    std::vector<std::string> words;
    if (node == nullptr) return words;
    const auto* array = node->as_array();
    bool good = array != nullptr && array->size() <= count_max;
    for (std::size_t i = 0; good && i < array->size(); ++i) {
      const auto* word = array->get(i)->as_string();
      good = word != nullptr && word->get().find('\0') == std::string::npos;
      if (good) words.push_back(word->get());
    }
    if (!good) wrong(*node, key, "an array of at most " + std::to_string(count_max) + " texts");
    return words;
  }
  const toml::array* tables(const char* key) {
    const toml::node* node = take(key);
    if (node == nullptr) return nullptr;
    const auto* array = node->as_array();
    if (array == nullptr || !array->is_array_of_tables()) {
      wrong(*node, key, "an array of tables: [[" + std::string(key) + "]]");
      return nullptr;
    }
    return array;
  }

  void say(const std::string& what) { say_at(table_, what); }
  /// Call it last: a key that was not read is an error.
  const std::optional<std::string>& problem() {
    for (const auto& [key, node] : table_) {
      if (!known_.contains(std::string(key.str()))) say_at(node, "there is no key " + in_quotes(key.str(), 60));
    }
    return problem_;
  }

 private:
  const toml::node* take(const char* key) {
    known_.insert(key);
    return table_.get(key);
  }
  void wrong(const toml::node& node, const char* key, const std::string& expected) {
    say_at(node, std::string(key) + " must be " + expected);
  }
  void say_at(const toml::node& node, const std::string& what) {
    if (problem_) return;
    problem_ = ":" + std::to_string(node.source().begin.line) + ": " + (of_.empty() ? "" : of_ + ": ") + what;
  }

  const toml::table& table_;
  std::string of_;
  std::set<std::string> known_;
  std::optional<std::string> problem_;
};

/// Returns the skill's name for messages, before any of it is validated.
std::string name_of(const toml::table& table, std::size_t number) {
  const auto* signature = table.get_as<std::string>("signature");
  const std::string shown = signature == nullptr ? "" : signature->get().substr(0, signature->get().find('('));
  return "skill " + (shown.empty() ? std::to_string(number) : printable(shown, 60));
}

Result<CommandSkill> read_skill(TableReader& reader, const std::string& class_name) {
  CommandSkill skill;
  skill.class_name = reader.text("class_name", class_name, identifier_bytes_max);
  skill.signature_text = reader.text("signature", "", signature_bytes_max);
  skill.docstring = reader.text("docstring", "", docstring_bytes_max);
  skill.device_agnostic = reader.flag("device_agnostic");
  skill.confirm = reader.flag("confirm");
  skill.command = reader.texts("command", command_words_max);
  skill.timeout = std::chrono::milliseconds(reader.number("timeout_ms", skill.timeout.count(), 1, timeout_ms_max));
  skill.output_bytes_max = static_cast<std::size_t>(
      reader.number("output_bytes_max", static_cast<std::int64_t>(skill.output_bytes_max), 1, output_bytes_max_most));
  const std::string output = reader.text("output", "text", 16);
  if (output != "text" && output != "json") return fail("output must be \"text\" or \"json\"");
  skill.output = output == "json" ? CommandSkill::Output::json : CommandSkill::Output::text;
  if (!is_identifier(skill.class_name)) return fail("class_name must be an identifier, as MusicSkill");
  if (skill.signature_text.empty()) return fail("signature is missing: write \"say(text: str) -> str\"");
  auto signature = parse_signature(skill.signature_text);
  if (!signature) return fail("signature: " + printable(signature.error().message, 200));
  skill.signature = std::move(*signature);
  if (skill.signature.function_name.size() > identifier_bytes_max) return fail("signature: the name is too long");
  skill.parameters = parameters_schema(skill.signature);
  if (auto good = check_command(skill); !good) return tl::unexpected(good.error());
  return skill;
}

/// A failure names the line and the skill.
Result<std::vector<CommandSkill>> read_skills(const toml::array& tables, const std::string& class_name) {
  std::vector<CommandSkill> skills;
  std::set<std::string> paths;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const toml::table& table = *tables.get(i)->as_table();
    TableReader reader(table, name_of(table, i + 1));
    auto skill = read_skill(reader, class_name);
    if (!skill) reader.say(skill.error().message);
    if (skill && !paths.insert(skill->path()).second) reader.say("there is a second " + skill->path());
    if (reader.problem()) return fail(*reader.problem());
    skills.push_back(std::move(*skill));
  }
  return skills;
}

}  // namespace

const CommandSkill* SkillFile::find(std::string_view path) const {
  const auto found =
      std::find_if(skills.begin(), skills.end(), [&](const auto& skill) { return skill.path() == path; });
  return found == skills.end() ? nullptr : &*found;
}

json SkillFile::registration() const {
  json all = json::array();
  for (const CommandSkill& skill : skills) {
    all.push_back({{"class_name", skill.class_name},
                   {"function_name", skill.signature.function_name},
                   {"signature", skill.signature_text},
                   {"docstring", skill.docstring},
                   {"device_agnostic", skill.device_agnostic},
                   {"confirm", skill.confirm}});
  }
  return all;
}

Outcome<SkillFile> parse_skill_file(std::string_view text, const std::string& name) {
  const auto bad = [&](const std::string& what) { return cli_error(ExitCode::local, name + what); };
  toml::table root;
  try {
    root = toml::parse(text, name);
  } catch (const toml::parse_error& wrong) {
    return bad(":" + std::to_string(wrong.source().begin.line) + ": " + printable(wrong.description(), 200));
  }
  SkillFile file;
  TableReader reader(root, "");
  const std::string class_name = reader.text("class_name", default_class, identifier_bytes_max);
  file.calls_running_max = static_cast<std::size_t>(reader.number("calls_running_max", 4, 1, 64));
  file.calls_waiting_max = static_cast<std::size_t>(reader.number("calls_waiting_max", 64, 0, 10'000));
  file.environment = reader.texts("environment", environment_names_max);
  const toml::array* tables = reader.tables("skill");
  if (!std::all_of(file.environment.begin(), file.environment.end(), is_identifier)) {
    reader.say("environment must be names of variables");
  }
  if (tables == nullptr || tables->empty()) reader.say("there is no [[skill]]");
  if (tables != nullptr && tables->size() > skills_max) reader.say("there are more than 500 skills");
  if (reader.problem()) return bad(*reader.problem());
  auto skills = read_skills(*tables, class_name);
  if (!skills) return bad(skills.error().message);
  file.skills = std::move(*skills);
  return file;
}

Outcome<SkillFile> read_skill_file(const std::string& path) {
  auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & S_IWOTH) != 0) {
    return cli_error(ExitCode::local, path + " may be written by everybody, and says what runs here: chmod o-w it");
  }
  return parse_skill_file(*text, path);
}

}  // namespace strawberry::cli
