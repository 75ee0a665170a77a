/// `strawberryctl user add|list|show|update|remove|password`: accounts, as the hub's admin. Passwords come from a
/// terminal that does not show them, from standard input, or from a file, and never from the command line.
#include <termios.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <iostream>

#include "cli/choices.h"
#include "cli/command_line.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

struct UserOptions {
  std::string id;
  std::string name;
  std::string role;
  std::string guest_of;
  std::string password_file;
  bool no_password = false;
  bool disable = false;
  bool enable = false;
  bool yes = false;
};

std::string text_in(const json& object, const char* member) { return show_member(object, member, 200); }

/// Reads a line of standard input; a terminal does not show it.
std::string hidden_line(const char* prompt) {
  termios before{};
  const bool is_terminal = ::tcgetattr(STDIN_FILENO, &before) == 0;
  if (is_terminal) {
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    std::cerr << prompt << std::flush;
  }
  std::string line;
  std::getline(std::cin, line);
  if (is_terminal) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::cerr << "\n";
  }
  return without_line_end(std::move(line));
}

Outcome<std::string> read_password(const UserOptions& options) {
  std::string password;
  if (!options.password_file.empty()) {
    auto content = read_file(options.password_file);
    if (!content) return content;
    password = without_line_end(std::move(*content));
  } else {
    password = hidden_line("password: ");
    const bool is_terminal = ::isatty(STDIN_FILENO) == 1;
    if (is_terminal && hidden_line("once more: ") != password)
      return cli_error(ExitCode::usage, "the two are different: try again");
  }
  constexpr std::size_t bytes_min = 8;
  constexpr std::size_t bytes_max = 1'024;
  if (password.size() < bytes_min || password.size() > bytes_max)
    return cli_error(ExitCode::usage, "a password has 8 to 1024 bytes");
  return password;
}

std::string state_of(const json& user) { return is_true(user, "disabled") ? "disabled" : "active"; }

void show_user(const CommandLine& line, const json& user, const std::string& done) {
  if (line.json) {
    std::cout << user.dump() << "\n";
    return;
  }
  if (!done.empty()) std::cout << done << "\n";
  std::cout << "user      " << text_in(user, "user_id") << "\n";
  if (!text_in(user, "name").empty()) std::cout << "name      " << text_in(user, "name") << "\n";
  std::cout << "role      " << text_in(user, "role");
  if (user.value("guest_of", json()).is_string()) std::cout << " of " << text_in(user, "guest_of");
  std::cout << "\nstate     " << state_of(user) << "\n"
            << "password  " << (is_true(user, "has_password") ? "yes" : "no, signs in by links (login-link)") << "\n"
            << "devices   " << text_in(user, "devices") << ", online " << text_in(user, "devices_online") << "\n";
}

/// Sends a request to the hub, and shows the user in the answer.
Outcome<void> ask_about(const CommandLine& line, json body, const std::string& done) {
  auto user = ask_hub(line, admin(), Service::users, std::move(body));
  if (!user) return tl::unexpected(user.error());
  show_user(line, *user, done);
  return {};
}

Outcome<void> add_user(const CommandLine& line, const UserOptions& options) {
  json body{{"op", "create"}, {"user_id", options.id}};
  if (!options.name.empty()) body["name"] = options.name;
  if (!options.role.empty()) body["role"] = options.role;
  if (!options.guest_of.empty()) body["guest_of"] = options.guest_of;
  if (!options.no_password) {
    auto password = read_password(options);
    if (!password) return tl::unexpected(password.error());
    body["password"] = std::move(*password);
  }
  return ask_about(line, std::move(body), "added");
}

Outcome<void> list_users(const CommandLine& line, const UserOptions&) {
  json users = json::array();
  while (true) {
    json body{{"op", "list"}};
    if (!users.empty()) body["after"] = users.back().at("user_id");
    auto page = ask_hub(line, admin(), Service::users, std::move(body));
    if (!page) return tl::unexpected(page.error());
    const json more = page->value("users", json::array());
    for (const json& user : more) users.push_back(user);
    if (more.empty() || users.size() >= page->value("total", std::size_t{0})) break;
  }
  if (line.json) {
    std::cout << json{{"users", users}}.dump() << "\n";
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& user : users) {
    rows.push_back({text_in(user, "user_id"), text_in(user, "name"), text_in(user, "role"), state_of(user),
                    is_true(user, "has_password") ? "yes" : "no", text_in(user, "devices"),
                    user.value("last_login", json()).is_string() ? local_time(text_in(user, "last_login")) : "-"});
  }
  if (rows.empty()) {
    std::cout << "no users; add one with: strawberryctl user add USER --role admin\n";
    return {};
  }
  std::cout << table({"USER", "NAME", "ROLE", "STATE", "PASSWORD", "DEVICES", "LAST LOGIN"}, rows, terminal_columns());
  return {};
}

Outcome<void> show_one(const CommandLine& line, const UserOptions& options) {
  return ask_about(line, {{"op", "get"}, {"user_id", options.id}}, "");
}

Outcome<void> update_user(const CommandLine& line, const UserOptions& options) {
  if (options.enable && options.disable)
    return cli_error(ExitCode::usage, "--enable and --disable do not go together: say one of them");
  json body{{"op", "update"}, {"user_id", options.id}};
  if (!options.name.empty()) body["name"] = options.name;
  if (!options.role.empty()) body["role"] = options.role;
  if (!options.guest_of.empty()) body["guest_of"] = options.guest_of;
  if (options.enable || options.disable) body["disabled"] = options.disable;
  if (body.size() == 2) return cli_error(ExitCode::usage, "nothing to change (see strawberryctl user update --help)");
  return ask_about(line, std::move(body), "changed");
}

Outcome<void> set_password(const CommandLine& line, const UserOptions& options) {
  auto password = read_password(options);
  if (!password) return tl::unexpected(password.error());
  json body{{"op", "set_password"}, {"user_id", options.id}, {"new", std::move(*password)}};
  auto done = ask_hub(line, admin(), Service::users, std::move(body));
  if (!done) return tl::unexpected(done.error());
  std::cout << (line.json ? done->dump() : "the password of " + text_in(*done, "user_id") + " is set") << "\n";
  return {};
}

Outcome<void> remove_user(const CommandLine& line, const UserOptions& options) {
  if (!options.yes) {
    const std::string what =
        printable(options.id, 64) + ", with all devices, skills, sessions, messages, usage and tokens";
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1)
      return cli_error(ExitCode::usage, "deleting " + what + " cannot be undone: say --yes if that is meant");
    std::cerr << "Delete " << what << "? This cannot be undone. [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "Y" && answer != "yes") return cli_error(ExitCode::usage, "nothing was deleted");
  }
  auto done = ask_hub(line, admin(), Service::users, {{"op", "delete"}, {"user_id", options.id}});
  if (!done) return tl::unexpected(done.error());
  if (line.json) {
    std::cout << done->dump() << "\n";
    return {};
  }
  const json gone = done->value("deleted", json::object());
  std::cout << "deleted " << text_in(*done, "user_id") << ":";
  for (const char* what : {"devices", "skills", "sessions", "messages", "tokens"})
    std::cout << " " << text_in(gone, what) << " " << what << (std::string_view(what) == "tokens" ? "\n" : ",");
  return {};
}

using Act = Outcome<void> (*)(const CommandLine&, const UserOptions&);

CLI::App* add_one(CLI::App& user, CommandLine& line, const char* name, const char* what, const char* example,
                  const std::shared_ptr<UserOptions>& options, Act act) {
  CLI::App* command = add_command(user, name, what, example);
  command->callback([&line, options, act] { line.action = [&line, options, act] { return act(line, *options); }; });
  return command;
}

void add_account_options(CLI::App& command, UserOptions& options) {
  command.add_option("--name", options.name, "What people call the user");
  command.add_option("--role", options.role, "admin, member or guest; default of a new user: member")
      ->check(CLI::IsMember({"admin", "member", "guest"}));
  command.add_option("--guest-of", options.guest_of, "Of a guest: the user whose devices it sees");
}

}  // namespace

void add_user_command(CLI::App& app, CommandLine& line) {
  CLI::App* user = add_command(app, "user", "Add, list, show, change and delete users, and set their passwords",
                               "strawberryctl user add alice --role admin");
  user->require_subcommand(1);
  const auto with_id = [](CLI::App* command, const std::shared_ptr<UserOptions>& options) {
    command->add_option("USER", options->id, "The user's id")->required();
    return command;
  };
  auto added = std::make_shared<UserOptions>();
  CLI::App* add = with_id(add_one(*user, line, "add", "Add a user and ask for its password",
                                  "strawberryctl user add gerda --role guest --guest-of alice", added, add_user),
                          added);
  add_account_options(*add, *added);
  add->add_option("--password-file", added->password_file, "Read the password from this file and do not ask");
  add->add_flag("--no-password", added->no_password, "The user signs in by links alone (strawberryctl login-link)");

  auto listed = std::make_shared<UserOptions>();
  add_one(*user, line, "list", "Show the users", "strawberryctl user list", listed, list_users);

  auto shown = std::make_shared<UserOptions>();
  with_id(add_one(*user, line, "show", "Show one user", "strawberryctl user show alice", shown, show_one), shown);

  auto changed = std::make_shared<UserOptions>();
  CLI::App* update = with_id(add_one(*user, line, "update", "Change a user's name or role, disable or enable it",
                                     "strawberryctl user update gerda --disable", changed, update_user),
                             changed);
  add_account_options(*update, *changed);
  update->add_flag("--disable", changed->disable, "Disconnect the user and its devices, and let them in no more");
  update->add_flag("--enable", changed->enable, "Let them in again");

  auto removed = std::make_shared<UserOptions>();
  CLI::App* remove = with_id(add_one(*user, line, "remove", "Delete a user with everything of it; there is no way back",
                                     "strawberryctl user remove gerda --yes", removed, remove_user),
                             removed);
  remove->add_flag("--yes", removed->yes, "Do not ask");

  auto secret = std::make_shared<UserOptions>();
  CLI::App* password = with_id(add_one(*user, line, "password", "Set a user's password",
                                       "strawberryctl user password alice", secret, set_password),
                               secret);
  password->add_option("--password-file", secret->password_file, "Read it from this file and do not ask");
}

}  // namespace strawberry::cli
