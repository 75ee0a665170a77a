/// `strawberryctl chat [text]`: one question, or a prompt that shows what the hub does on the devices as it happens.
#include <unistd.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <asio/signal_set.hpp>
#include <csignal>
#include <iostream>

#include "bridge/cli/command_line.h"
#include "bridge/cli/line_reader.h"
#include "bridge/cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t answer_bytes_max = 256 * 1024;
/// A model may take its time; the contract's longest.
constexpr const char* chat_timeout_default = "120s";

struct ChatOptions {
  std::vector<std::string> words;
  std::string user;
  std::string device;
  std::string model;
};

std::string text(const json& object, const char* member) {
  if (!object.is_object()) return "";
  const auto found = object.find(member);
  return found == object.end() || found->is_null() ? "" : show_value(*found, 300);
}

/// The answer's words; a completion may have none.
std::string answer_of(const json& completion) {
  const json::json_pointer content("/choices/0/message/content");
  if (!completion.contains(content) || !completion.at(content).is_string()) return "";
  return printable_lines(completion.at(content).get_ref<const std::string&>(), answer_bytes_max);
}

std::string arguments_of(const json& data) {
  const auto arguments = data.find("arguments");
  if (arguments == data.end()) return "()";
  // The model's own spelling, when it is not JSON.
  if (arguments->is_string()) {
    const auto parsed = parse_json(arguments->get_ref<const std::string&>());
    return parsed && parsed->is_object() ? show_arguments(json::array(), *parsed)
                                         : "(" + show_value(*arguments, 200) + ")";
  }
  return arguments->is_array() ? show_arguments(*arguments, json::object()) : show_arguments(json::array(), *arguments);
}

/// Prints the events of one turn, and remembers whether the answer's words have been shown with them.
class TurnPrinter {
 public:
  explicit TurnPrinter(const CommandLine& line) : json_(line.json) {}

  void event(const std::string& name, const json& data) {
    if (json_) {
      std::cout << json{{"event", name}, {"data", data}}.dump(-1, ' ', false, json::error_handler_t::replace)
                << std::endl;
    } else if (name == "delta") {
      delta(data);
    } else if (name == "tool_call" && data.is_object()) {
      end_line();
      std::cout << "  → " << text(data, "device") << " " << text(data, "skill_path") << arguments_of(data) << std::endl;
    } else if (name == "tool_result" && data.is_object()) {
      end_line();
      const auto success = data.find("success");
      const bool worked = success != data.end() && success->is_boolean() && success->get<bool>();
      std::cout << (worked ? "  ← " : "  ✗ ") << text(data, worked ? "result" : "error") << std::endl;
    }
  }

  void answer(const json& completion) {
    if (json_) {
      std::cout << completion.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
      return;
    }
    if (streamed_) {
      end_line();
      return;
    }
    const std::string words = answer_of(completion);
    std::cout << (words.empty() ? "(no words)" : words) << std::endl;
  }

 private:
  void delta(const json& chunk) {
    const json::json_pointer content("/choices/0/delta/content");
    if (!chunk.is_object() || !chunk.contains(content) || !chunk.at(content).is_string()) return;
    const auto& words = chunk.at(content).get_ref<const std::string&>();
    if (words.empty()) return;
    std::cout << printable_lines(words, answer_bytes_max) << std::flush;
    streamed_ = true;
    in_line_ = true;
  }
  void end_line() {
    if (in_line_) std::cout << std::endl;
    in_line_ = false;
  }

  bool json_;
  bool streamed_ = false;
  bool in_line_ = false;
};

class Conversation {
 public:
  Conversation(const CommandLine& line, const ChatOptions& options, HubConnection& hub,
               std::chrono::milliseconds timeout)
      : line_(line), options_(options), hub_(hub), timeout_(timeout) {}

  Task<Outcome<void>> once(std::string question) {
    Outcome<void> outcome = co_await hub_.open();
    if (outcome) outcome = co_await turn(std::move(question));
    co_await hub_.close();
    co_return outcome;
  }

  Task<Outcome<void>> prompt(std::shared_ptr<LineReader> lines) {
    session_id_ = "new";
    Outcome<void> outcome = co_await hub_.open();
    const bool asks = ::isatty(STDIN_FILENO) == 1 && !line_.json;
    if (outcome && asks) std::cout << "Ctrl-D leaves.\n";
    while (outcome) {
      if (asks) std::cout << "you> " << std::flush;
      std::optional<std::string> question = co_await lines->next();
      if (!question) break;
      if (question->find_first_not_of(" \t\r") == std::string::npos) continue;
      outcome = co_await turn(std::move(*question));
      // The hub said no to this one; the next may do better.
      if (asks && !outcome && outcome.error().code == ExitCode::refused) {
        std::cerr << outcome.error().message << "\n";
        outcome = Outcome<void>{};
      }
    }
    if (asks) std::cout << "\n";
    co_await hub_.close();
    co_return outcome;
  }

 private:
  Task<Outcome<void>> turn(std::string question) {
    json body{{"messages", json::array({json{{"role", "user"}, {"content", std::move(question)}}})}, {"stream", true}};
    if (!session_id_.empty()) body["session_id"] = session_id_;
    if (!options_.model.empty()) body["model"] = options_.model;
    auto printer = std::make_shared<TurnPrinter>(line_);
    HubConnection::OnEvent on_event = [printer](const std::string& name, const json& data) {
      printer->event(name, data);
    };
    Outcome<json> completion = co_await hub_.request(Service::chat, std::move(body), timeout_, std::move(on_event));
    if (!completion) co_return tl::unexpected(completion.error());
    printer->answer(*completion);
    if (!session_id_.empty()) {
      const auto session = completion->find("session_id");
      if (session != completion->end() && session->is_string()) session_id_ = session->get<std::string>();
    }
    co_return Outcome<void>{};
  }

  const CommandLine& line_;
  const ChatOptions& options_;
  HubConnection& hub_;
  std::chrono::milliseconds timeout_;
  std::string session_id_;
};

Outcome<void> chat(const CommandLine& line, const ChatOptions& options, bool timeout_is_given) {
  auto who = choose_who(line.data_dir(), options.user, options.device);
  if (!who) return tl::unexpected(who.error());
  auto connection = connection_options(line, *who);
  if (!connection) return tl::unexpected(connection.error());
  connection->services = {Service::chat};
  auto timeout =
      timeout_is_given ? line.timeout() : Outcome<std::chrono::milliseconds>(*parse_duration(chat_timeout_default));
  if (!timeout) return tl::unexpected(timeout.error());

  asio::io_context loop;
  HubConnection hub(loop, std::move(*connection));
  Conversation conversation(line, options, hub, *timeout);
  std::string question;
  for (const std::string& word : options.words) question += (question.empty() ? "" : " ") + word;
  if (!question.empty()) return run(loop, conversation.once(std::move(question)));

  auto lines = std::make_shared<LineReader>(loop);
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const std::error_code& cancelled, int) {
    if (!cancelled) loop.stop();
  });
  return run(loop, conversation.prompt(lines));
}

}  // namespace

void add_chat_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ChatOptions>();
  CLI::App* command = add_command(app, "chat", "Ask the hub something, or talk with it at a prompt",
                                  "strawberryctl chat play some jazz in the kitchen");
  command->add_option("TEXT", options->words, "What to say; without, a prompt that ends with Ctrl-D or Ctrl-C");
  command->add_option("--user", options->user, "As this user; default: the only one there is");
  command->add_option("--device", options->device, "As this device: its id, or its name");
  command->add_option("--model", options->model, "Ask for this model");
  command->callback([&app, &line, options] {
    const bool timeout_is_given = app.get_option("--timeout")->count() != 0;
    line.action = [&line, options, timeout_is_given] { return chat(line, *options, timeout_is_given); };
  });
}

}  // namespace strawberry::cli
