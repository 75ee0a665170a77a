#include "bridge/config/config.h"

#include <unistd.h>

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>

#include "bridge/config/environment_providers.h"
#include "bridge/config/key_table.h"
#include "bridge/config/secret_file.h"

namespace strawberry::bridge {
namespace {

constexpr std::size_t shown_bytes_max = 60;

/// Everything that is wrong, in the order in which it stands in the file; at most problems_max.
class Problems {
 public:
  void add(std::string problem) {
    if (found_.size() < config_problems_max) found_.push_back(std::move(problem));
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

/// `config/bridge.toml:12: `
std::string place(const std::string& path, const toml::node& node) {
  return path + ":" + std::to_string(node.source().begin.line) + ": ";
}

std::string key_name(std::string_view section, std::string_view key) {
  return "[" + std::string(section) + "] " + std::string(key);
}

/// Printable, short, quoted when it is a text.
std::string show(std::string_view text) {
  if (text.size() > shown_bytes_max) return "a text of " + std::to_string(text.size()) + " bytes";
  std::string shown = "\"";
  for (const char c : text) shown += c >= 0 && c < ' ' ? '?' : c;
  return shown + "\"";
}

std::string show(const toml::node& node) {
  if (const auto* text = node.as_string()) return show(text->get());
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (node.is_floating_point()) return "a fraction";
  if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
  if (node.is_table()) return "a table";
  if (node.is_array()) return "an array";
  return "a date or time";
}

template <class Owner>
bool set_value(const KeyRow<Owner>& row, const toml::node& node, Owner& owner) {
  const Target target = row.target(owner);
  if (const auto* range = std::get_if<IntegerRange>(&row.allowed)) {
    const auto* integer = node.as_integer();
    if (integer == nullptr || integer->get() < range->least || integer->get() > range->most) return false;
    *std::get<std::int64_t*>(target) = integer->get();
    return true;
  }
  if (std::holds_alternative<Flag>(row.allowed)) {
    const auto* boolean = node.as_boolean();
    if (boolean != nullptr) *std::get<bool*>(target) = boolean->get();
    return boolean != nullptr;
  }
  const auto* text = node.as_string();
  if (text == nullptr || !is_allowed(std::get<Text>(row.allowed), text->get())) return false;
  *std::get<std::string*>(target) = text->get();
  return true;
}

template <class Owner>
bool set_value(const KeyRow<Owner>& row, const std::string& value, Owner& owner) {
  const Target target = row.target(owner);
  if (const auto* range = std::get_if<IntegerRange>(&row.allowed)) {
    std::int64_t number = 0;
    const char* end = value.data() + value.size();
    const auto [stop, failure] = std::from_chars(value.data(), end, number);
    if (failure != std::errc() || stop != end || number < range->least || number > range->most) return false;
    *std::get<std::int64_t*>(target) = number;
    return true;
  }
  if (std::holds_alternative<Flag>(row.allowed)) {
    *std::get<bool*>(target) = value == "true";
    return value == "true" || value == "false";
  }
  if (!is_allowed(std::get<Text>(row.allowed), value)) return false;
  *std::get<std::string*>(target) = value;
  return true;
}

template <class Owner>
std::string known_keys(std::span<const KeyRow<Owner>> rows, std::string_view section) {
  std::string names;
  for (const auto& row : rows) {
    if (row.section == section) names += (names.empty() ? "" : ", ") + std::string(row.name);
  }
  return names;
}

/// One key: known and allowed.
template <class Owner>
void read_key(const std::string& path, std::string_view section, std::string_view key, const toml::node& node,
              std::span<const KeyRow<Owner>> rows, Owner& owner, Problems& problems) {
  const KeyRow<Owner>* found = nullptr;
  for (const auto& row : rows) {
    if (row.section == section && row.name == key) found = &row;
  }
  if (found == nullptr && section == "llm.provider" && key == "api_key") {
    return problems.add(place(path, node) +
                        "[llm.provider] a key does not belong into this file: name the environment " +
                        "variable that holds it (api_key_env) or a file only you can read (api_key_file)");
  }
  if (found == nullptr) {
    return problems.add(place(path, node) + "[" + std::string(section) + "] has no key " + show(key) +
                        "; it knows: " + known_keys(rows, section) + (section == "llm" ? ", aliases, provider" : ""));
  }
  if (!set_value(*found, node, owner)) {
    return problems.add(place(path, node) + key_name(section, found->name) + " must be " +
                        describe_allowed(found->allowed) + (found->hush ? "" : ", not " + show(node)));
  }
}

template <class Owner>
void read_section(const std::string& path, const toml::table& table, std::string_view section,
                  std::span<const KeyRow<Owner>> rows, Owner& owner, Problems& problems) {
  for (const auto& [key, node] : table) read_key(path, section, key.str(), node, rows, owner, problems);
}

void read_providers(const std::string& path, const toml::node& node, Config& config, Problems& problems) {
  const toml::array* tables = node.as_array();
  if (tables == nullptr || !tables->is_homogeneous<toml::table>()) {
    return problems.add(place(path, node) + "providers are written as [[llm.provider]], one table each");
  }
  if (tables->size() > providers_max) {
    return problems.add(place(path, node) + "at most " + std::to_string(providers_max) +
                        " [[llm.provider]] are possible");
  }
  std::set<std::string> names;
  for (const toml::node& entry : *tables) {
    LlmProviderConfig provider;
    read_section(path, *entry.as_table(), "llm.provider", provider_keys(), provider, problems);
    for (const auto& [key, value] : {std::pair{"name", provider.name}, std::pair{"model", provider.model}}) {
      if (value.empty()) problems.add(place(path, entry) + "[llm.provider] needs a " + key);
    }
    if (!provider.api_key_env.empty() && !provider.api_key_file.empty()) {
      problems.add(place(path, entry) + "[llm.provider] takes api_key_env or api_key_file, not both");
    }
    if (provider.name == "rules" || (!provider.name.empty() && !names.insert(provider.name).second)) {
      problems.add(place(path, entry) + "[llm.provider] name " + show(provider.name) + " is taken" +
                   (provider.name == "rules" ? ": it is the hub's own, always the last" : ""));
    }
    config.llm.providers.push_back(std::move(provider));
  }
}

void read_aliases(const std::string& path, const toml::node& node, Config& config, Problems& problems) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return problems.add(place(path, node) + "aliases are written as [llm.aliases], a line each");
  if (table->size() > aliases_max) {
    return problems.add(place(path, node) + "at most " + std::to_string(aliases_max) + " [llm.aliases] are possible");
  }
  const Text name{TextKind::name};
  for (const auto& [key, value] : *table) {
    if (!is_allowed(name, key.str())) {
      problems.add(place(path, value) + "[llm.aliases] " + show(key.str()) + " must be " + describe_allowed(name));
      continue;
    }
    const auto* model = value.as_string();
    if (model == nullptr || !is_allowed(Text{}, model->get())) {
      problems.add(place(path, value) + key_name("llm.aliases", key.str()) + " must be " + describe_allowed(Text{}) +
                   ", not " + show(value));
      continue;
    }
    config.llm.aliases.emplace(key.str(), model->get());
  }
}

void read_llm(const std::string& path, const toml::table& table, Config& config, Problems& problems) {
  for (const auto& [key, node] : table) {
    if (key.str() == "provider") {
      read_providers(path, node, config, problems);
    } else if (key.str() == "aliases") {
      read_aliases(path, node, config, problems);
    } else {
      read_key(path, "llm", key.str(), node, config_keys(), config, problems);
    }
  }
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return fail(path + " cannot be read");
  std::string text(config_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return fail(path + " cannot be read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > config_bytes_max)
    return fail(path + " is larger than " + std::to_string(config_bytes_max) + " bytes");
  return text;
}

/// False when it cannot be read at all.
bool read_toml(const std::string& path, Config& config, Problems& problems) {
  const auto text = read_file(path);
  if (!text) {
    problems.add(text.error().message);
    return false;
  }
  toml::table document;
  try {
    document = toml::parse(std::string_view(*text), std::string_view(path));
  } catch (const toml::parse_error& error) {
    problems.add(path + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description()));
    return false;
  }
  for (const auto& [key, node] : document) {
    const std::string section(key.str());
    if (section == "llm" && node.is_table()) {
      read_llm(path, *node.as_table(), config, problems);
      continue;
    }
    std::string sections;
    bool known = false;
    for (const auto& row : config_keys()) {
      known = known || row.section == section;
      const std::string name = "[" + std::string(row.section) + "]";
      if (sections.find(name) == std::string::npos) sections += (sections.empty() ? "" : ", ") + name;
    }
    if (!known || !node.is_table()) {
      problems.add(place(path, node) + show(section) + " is not a section; there are: " + sections);
      continue;
    }
    read_section(path, *node.as_table(), section, config_keys(), config, problems);
  }
  return true;
}

void read_environment(const Environment& environment, Config& config, Problems& problems) {
  for (const auto& row : config_keys()) {
    const std::string* value = row.environment.empty() ? nullptr : variable(environment, row.environment);
    if (value == nullptr || set_value(row, *value, config)) continue;
    problems.add("environment variable " + std::string(row.environment) + " must be " + describe_allowed(row.allowed) +
                 ", not " + show(*value));
  }
}

/// The key of one provider, empty when it needs none.
Result<std::string> api_key_of(const LlmProviderConfig& provider, const std::string& path,
                               const Environment& environment) {
  const std::string who = "the provider " + provider.name;
  if (!provider.api_key_env.empty()) {
    const std::string* key = variable(environment, provider.api_key_env);
    if (key == nullptr) {
      return fail(who + " wants its key in the environment variable " + provider.api_key_env + ", which is not set");
    }
    if (!is_plausible_key(*key)) {
      return fail("environment variable " + provider.api_key_env +
                  " must be a key: printable ASCII without spaces, at most 4096 bytes");
    }
    return *key;
  }
  if (provider.api_key_file.empty()) return std::string();
  const auto folder = std::filesystem::path(path).parent_path();
  auto key = read_secret_file((folder / provider.api_key_file).string());
  if (!key) return fail(who + ": " + key.error().message);
  return key;
}

void read_api_keys(const std::string& path, const Environment& environment, Config& config, Problems& problems) {
  for (auto& provider : config.llm.providers) {
    while (provider.base_url.size() > 1 && provider.base_url.back() == '/') provider.base_url.pop_back();
    auto key = api_key_of(provider, path, environment);
    if (key) {
      provider.api_key = std::move(*key);
    } else {
      problems.add(key.error().message);
    }
  }
}

/// What no single key can say.
void check_whole(const std::string& source, const Config& config, Problems& problems) {
  const Config::Timeouts& t = config.timeouts;
  const std::pair<const char*, std::int64_t> ladder[] = {{"sandbox_ms", t.sandbox_ms},
                                                         {"local_skill_ms", t.local_skill_ms},
                                                         {"remote_skill_call_ms", t.remote_skill_call_ms},
                                                         {"interface_ms", t.interface_ms}};
  for (std::size_t i = 1; i < std::size(ladder); ++i) {
    const auto& [shorter, shorter_ms] = ladder[i - 1];
    const auto& [longer, longer_ms] = ladder[i];
    if (shorter_ms < longer_ms) continue;
    problems.add(source + ": [timeouts] " + shorter + " (" + std::to_string(shorter_ms) + ") must be less than " +
                 longer + " (" + std::to_string(longer_ms) + "): who waits must wait longer than what it waits for");
  }
  if (config.broker.reconnect_min_ms > config.broker.reconnect_max_ms) {
    problems.add(source + ": [broker] reconnect_min_ms (" + std::to_string(config.broker.reconnect_min_ms) +
                 ") must not be more than reconnect_max_ms (" + std::to_string(config.broker.reconnect_max_ms) + ")");
  }
  for (const auto& [name, model] : config.llm.aliases) {
    const auto is_named = [&name = name](const LlmProviderConfig& provider) { return provider.name == name; };
    if (name == "rules" || std::any_of(config.llm.providers.begin(), config.llm.providers.end(), is_named)) {
      problems.add(source + ": [llm.aliases] " + name + " is the name of a provider");
    }
    if (config.llm.aliases.contains(model)) {
      problems.add(source + ": [llm.aliases] " + name + " stands for " + model + ", which is an alias itself");
    }
  }
}

}  // namespace

CheckedConfig check_config(const std::string& path, const Environment& environment) {
  Config config;
  Problems problems;
  if (!path.empty() && !read_toml(path, config, problems)) return {std::move(config), problems.take()};
  read_environment(environment, config, problems);
  if (auto read = read_provider_environment(environment, config); !read) problems.add(read.error().message);
  read_api_keys(path, environment, config, problems);
  check_whole(path.empty() ? "configuration" : path, config, problems);
  return {std::move(config), problems.take()};
}

CheckedConfig check_config_file(const std::string& path) {
  Config config;
  Problems problems;
  if (read_toml(path, config, problems)) check_whole(path, config, problems);
  return {std::move(config), problems.take()};
}

Result<Config> load_config(const std::string& path, const Environment& environment) {
  CheckedConfig checked = check_config(path, environment);
  if (!checked.problems.empty()) return fail(std::move(checked.problems.front()));
  return std::move(checked.config);
}

}  // namespace strawberry::bridge
