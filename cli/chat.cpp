/// `strawberryctl chat [text]`: one question, or a prompt that shows what the hub does on the devices as it happens.
/// Ctrl-C cancels a question; skills that ask first ask here.
#include <unistd.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <csignal>
#include <iostream>

#include "cli/command_line.h"
#include "cli/line_reader.h"
#include "cli/questions.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/turn_printer.h"
#include "common/runtime/asio.h"
#include "common/text/ids.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

/// Models can be slow: the longest timeout that the contract allows.
constexpr const char* chat_timeout_default = "120s";
constexpr std::chrono::seconds control_timeout{10};

struct ChatOptions {
  std::vector<std::string> words;
  std::string user;
  std::string device;
  std::string model;
  std::string session;
};

/// True when a person types, who can answer questions.
bool is_conversation(const CommandLine& line) { return ::isatty(STDIN_FILENO) == 1 && !line.json; }

/// Asks a skill's question; without a terminal (`lines` is null) the answer is no.
Task<void> ask_at_terminal(HubConnection* hub, std::shared_ptr<LineReader> lines, json question) {
  bool is_allowed = false;
  if (lines) {
    const auto line = co_await lines->next("  ? " + call_in_words(question) + "  Allow it? [y/N] ");
    is_allowed = line && (*line == "y" || *line == "Y" || *line == "yes");
  } else {
    std::cerr << call_in_words(question) << ": not allowed, nobody can be asked here\n";
  }
  json body{{"op", "confirm"}, {"confirm", question.value("id", "")}, {"allow", is_allowed}};
  auto said = co_await hub->request(Service::chat, std::move(body), control_timeout, {});
  if (!said && is_allowed) std::cerr << "too late: " << said.error().message << "\n";
}

class Conversation {
 public:
  Conversation(const CommandLine& line, const ChatOptions& options, json acting, HubConnection& hub,
               Questions& questions, std::chrono::milliseconds timeout)
      : line_(line),
        options_(options),
        acting_(std::move(acting)),
        hub_(hub),
        questions_(questions),
        timeout_(timeout),
        session_id_(options.session) {}

  Task<Outcome<void>> once(std::string question) {
    Outcome<void> outcome = co_await hub_.open();
    if (outcome) outcome = co_await turn(std::move(question));
    co_await hub_.close();
    co_return outcome;
  }

  Task<Outcome<void>> prompt(std::shared_ptr<LineReader> lines) {
    if (session_id_.empty()) session_id_ = "new";
    Outcome<void> outcome = co_await hub_.open();
    const bool asks = is_conversation(line_);
    if (outcome && asks) {
      std::cout << "Tab completes the names of devices. Ctrl-C takes a question back; exit or Ctrl-D leaves.\n";
      lines->complete_with(co_await device_names());
    }
    const std::string prompt = !asks ? "" : terminal_has_colours() ? "\1\x1b[1m\1you>\1\x1b[0m\1 " : "you> ";
    while (outcome) {
      std::optional<std::string> question = co_await lines->next(prompt, asks);
      if (!question) {
        if (asks) std::cout << "\n";
        break;
      }
      if (question->find_first_not_of(" \t\r") == std::string::npos) continue;
      if (*question == "exit" || *question == "quit") break;
      outcome = co_await turn(std::move(*question));
      co_await questions_.wait();
      // The hub refused this question; the next one may succeed.
      if (asks && !outcome && outcome.error().code == ExitCode::refused) {
        std::cerr << outcome.error().message << "\n";
        outcome = Outcome<void>{};
      }
    }
    co_await hub_.close();
    co_return outcome;
  }

  /// Cancels the current question. Returns false when there is none, or it is already being cancelled.
  bool take_back(asio::io_context& loop) {
    if (under_way_.empty()) return false;
    json body{{"op", "cancel"}, {"cancel", std::exchange(under_way_, {})}};
    asio::co_spawn(loop, hub_.request(Service::chat, std::move(body), control_timeout, {}), asio::detached);
    return true;
  }

 private:
  /// Returns the devices of the user who asks; empty when the hub does not answer.
  Task<std::vector<std::string>> device_names() {
    std::vector<std::string> names;
    json body = acting_;
    body["op"] = "list";
    const auto listed = co_await hub_.request(Service::devices, std::move(body), control_timeout, {});
    if (!listed) co_return names;
    for (const json& device : listed->value("devices", json::array())) {
      const auto name = device.find("name");
      if (name != device.end() && name->is_string()) names.push_back(show_value(*name, 128));
    }
    co_return names;
  }

  Task<Outcome<void>> turn(std::string question) {
    under_way_ = new_id();
    json body = acting_;
    body.update({{"messages", json::array({json{{"role", "user"}, {"content", std::move(question)}}})},
                 {"stream", true},
                 {"correlation_id", under_way_}});
    if (!session_id_.empty()) body["session_id"] = session_id_;
    if (!options_.model.empty()) body["model"] = options_.model;
    auto printer = std::make_shared<TurnPrinter>(line_.json);
    HubConnection::OnEvent on_event = [printer, this](const std::string& name, const json& data) {
      printer->event(name, data);
      if (name != "confirm" || !data.is_object()) return;
      printer->end_line();
      questions_.ask(data);
    };
    Outcome<json> completion = co_await hub_.request(Service::chat, std::move(body), timeout_, std::move(on_event));
    under_way_.clear();
    if (!completion) {
      printer->end_line();
      co_return tl::unexpected(completion.error());
    }
    printer->answer(*completion);
    if (const std::string why = why_not_stored(*completion); !why.empty() && !line_.json) {
      std::cerr << "this turn was not stored: " << why << "\n";
    }
    if (!session_id_.empty()) {
      const auto session = completion->find("session_id");
      if (session != completion->end() && session->is_string()) session_id_ = session->get<std::string>();
    }
    co_return Outcome<void>{};
  }

  const CommandLine& line_;
  const ChatOptions& options_;
  const json acting_;  // the first members of each request
  HubConnection& hub_;
  Questions& questions_;
  std::chrono::milliseconds timeout_;
  std::string session_id_;
  std::string under_way_;  // the correlation id of the question that can be cancelled
};

/// Ctrl-C cancels the question; without a question, or a second time, it ends the program.
void watch_signals(asio::signal_set& signals, asio::io_context& loop, Conversation& conversation) {
  signals.async_wait([&](const boost::system::error_code& cancelled, int number) {
    if (cancelled) return;
    if (number != SIGINT || !conversation.take_back(loop)) return loop.stop();
    watch_signals(signals, loop, conversation);
  });
}

Outcome<void> chat(const CommandLine& line, const ChatOptions& options, bool timeout_is_given) {
  auto who = choose_who(line, options.user, options.device);
  if (!who) return tl::unexpected(who.error());
  auto connection = connection_options(line, *who);
  if (!connection) return tl::unexpected(connection.error());
  connection->services = {Service::chat, Service::devices};
  auto timeout =
      timeout_is_given ? line.timeout() : Outcome<std::chrono::milliseconds>(*parse_duration(chat_timeout_default));
  if (!timeout) return tl::unexpected(timeout.error());

  asio::io_context loop;
  HubConnection hub(loop, std::move(*connection));
  const bool asks = is_conversation(line);
  auto lines = std::make_shared<LineReader>(
      loop, asks && output_is_terminal() ? std::make_unique<LineEditor>(chat_history_file()) : nullptr);
  const auto can_answer = asks ? lines : nullptr;
  Questions questions(
      loop, [&hub, can_answer](json question) { return ask_at_terminal(&hub, can_answer, std::move(question)); });
  Conversation conversation(line, options, acting_for(*who, options.user), hub, questions, *timeout);
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  watch_signals(signals, loop, conversation);
  std::string question;
  for (const std::string& word : options.words) question += (question.empty() ? "" : " ") + word;
  if (question.empty()) return run(loop, conversation.prompt(lines));

  bool is_over = false;
  Outcome<void> outcome = run(loop, [](Conversation& talk, std::string asked, bool& over) -> Task<Outcome<void>> {
    Outcome<void> ended = co_await talk.once(std::move(asked));
    over = true;
    co_return ended;
  }(conversation, std::move(question), is_over));
  return is_over ? outcome : cli_error(ExitCode::refused, "interrupted");
}

}  // namespace

void add_chat_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ChatOptions>();
  CLI::App* command = add_command(app, "chat", "Ask the hub something, or talk with it at a prompt",
                                  "strawberryctl chat play some jazz in the kitchen");
  command->add_option("TEXT", options->words, "What to say; without, a prompt that ends with exit, Ctrl-D or Ctrl-C");
  command->add_option("--user", options->user, "As this user; default: the only one there is");
  command->add_option("--device", options->device, "As this device: its id, or its name");
  command->add_option("--model", options->model, "Ask for this model");
  command->add_option("--session", options->session, "Go on with this stored conversation; `new` opens one");
  command->callback([&app, &line, options] {
    const bool timeout_is_given = app.get_option("--timeout")->count() != 0;
    line.action = [&line, options, timeout_is_given] { return chat(line, *options, timeout_is_given); };
  });
}

}  // namespace strawberry::cli
