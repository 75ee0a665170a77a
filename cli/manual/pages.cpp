#include "cli/manual/pages.h"

#include <set>
#include <vector>

namespace strawberry::cli {
namespace {

/// Escapes text for roff: no line begins with a control character, no backslash escapes, hyphens can be copied.
std::string roff(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((i == 0 || text[i - 1] == '\n') && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string header(const std::string& title, char section, std::string_view version) {
  return ".TH " + title + " " + section + " \"\" \"Strawberry Hub " + std::string(version) + "\"\n";
}

std::string verbatim(std::string_view text) { return ".nf\n" + roff(text) + "\n.fi\n"; }

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](auto*) { return true; });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  std::vector<const CLI::Option*> all = app.get_options([](auto*) { return true; });
  std::erase_if(all, [](const CLI::Option* option) { return option->get_group().empty(); });
  return all;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

/// Returns `--user TEXT`, or `NAME` for a positional argument.
std::string spelled(const CLI::Option& option) {
  const std::string name = option.get_name(option.get_positional(), true);
  if (!takes_value(option) || option.get_positional()) return name;
  const std::string type = option.get_type_name();
  return name + " " + type.substr(0, type.find(':'));  // without the text of its checks
}

void describe_options(const CLI::App& app, std::string& page) {
  for (const CLI::Option* option : options_of(app)) {
    if (option == app.get_help_ptr() && app.get_parent() != nullptr) continue;  // every command has it
    page += ".TP\n.B " + roff(spelled(*option)) + "\n" + roff(option->get_description()) + "\n";
  }
}

void describe_commands(const CLI::App& app, const std::string& path, std::string& page) {
  for (const CLI::App* command : commands_of(app)) {
    const std::string name = path + " " + command->get_name();
    page += ".SS " + roff(name) + "\n" + roff(command->get_description()) + ".\n";
    describe_options(*command, page);
    if (!command->get_footer().empty()) page += ".PP\n" + verbatim(command->get_footer());
    describe_commands(*command, name, page);
  }
}

std::string words_of(const CLI::App& app) {
  std::string words;
  for (const CLI::App* command : commands_of(app)) words += command->get_name() + " ";
  for (const CLI::Option* option : options_of(app)) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  }
  return words;
}

void complete_commands(const CLI::App& app, const std::string& path, std::string& paths, std::string& cases) {
  for (const CLI::App* command : commands_of(app)) {
    const std::string name = path + " " + command->get_name();
    paths += (paths.empty() ? "'" : " | '") + name + "'";
    cases += "    '" + name + "') words='" + words_of(*command) + "' ;;\n";
    complete_commands(*command, name, paths, cases);
  }
}

void valued_options(const CLI::App& app, std::set<std::string>& names) {
  for (const CLI::Option* option : options_of(app)) {
    if (!takes_value(*option)) continue;
    for (const std::string& name : option->get_lnames()) names.insert("--" + name);
  }
  for (const CLI::App* command : commands_of(app)) valued_options(*command, names);
}

std::string alternatives(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " | ") + name;
  return out;
}

}  // namespace

std::string manual_page(const CLI::App& app, std::string_view version) {
  std::string page = header("STRAWBERRYCTL", '1', version);
  page += ".SH NAME\nstrawberryctl \\- commands for a Strawberry hub\n";
  page += ".SH SYNOPSIS\n.B strawberryctl\n.RI [ options ]\n.I command\n.RI [ arguments ]\n";
  page += ".SH DESCRIPTION\n" + roff(app.get_description()) +
          "\nOptions of strawberryctl itself may stand behind the command, too.\n";
  page += ".SH OPTIONS\n";
  describe_options(app, page);
  page += ".SH COMMANDS\n";
  describe_commands(app, "strawberryctl", page);
  page += ".SH NOTES\n" + verbatim(app.get_footer());
  page +=
      ".SH SEE ALSO\n.BR strawberry\\-bridge (8),\n.BR strawberry\\-gateway (8),\n.BR bridge.toml (5),\n.BR mosquitto "
      "(8)\n";
  return page;
}

std::string config_page(const std::string& name, std::string_view shipped_config, std::string_view version) {
  std::string title = name + ".toml";
  const std::string file = roff(title);
  for (char& c : title) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  std::string page = header(title, '5', version);
  page += ".SH NAME\n" + file + " \\- configuration of strawberry\\-" + name + "\n";
  page += ".SH DESCRIPTION\nA TOML file; strawberry\\-" + name +
          " reads it when it starts. This is the one that is shipped, with every key, its default and what it is for.\n"
          ".PP\n";
  page += verbatim(shipped_config);
  page += ".SH SEE ALSO\n.BR strawberry\\-" + name + " (8)\n";
  return page;
}

std::string bash_completion(const CLI::App& app) {
  std::string paths;
  std::string cases;
  std::set<std::string> valued;
  complete_commands(app, "", paths, cases);
  valued_options(app, valued);
  const std::string own = words_of(app);
  return R"sh(# Completion of strawberryctl for bash. Generated from its command line.
_strawberryctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} path='' words='' word
  COMPREPLY=()
  case $previous in
    )sh" +
         alternatives(valued) + R"sh()
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return ;;
  esac
  for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case "$path $word" in
      )sh" +
         paths + R"sh() path+=" $word" ;;
    esac
  done
  case $path in
)sh" + cases +
         R"sh(  esac
  [[ -n $path && $current != -* ]] || words+=')sh" +
         own + R"sh('
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  [[ -n $path && $current != -* && ${#COMPREPLY[@]} == 0 ]] && mapfile -t COMPREPLY < <(compgen -f -- "$current")
  return 0
}
complete -F _strawberryctl strawberryctl
)sh";
}

}  // namespace strawberry::cli
