/// The steps of one chat turn, decided without doing anything: ask the model, run these calls, or finish. Whoever
/// drives it does the I/O and reports back (chat_turn.cpp; tests do it with scripted answers).
///
///   next = loop.start();
///   AskModel → next = loop.model_answered(reply);   RunTools → next = loop.tools_ran(outcomes);   Finish → done
///
/// Calls of an answer that was broken off (`length`, `content_filter`) are never run: their arguments may be cut.
/// Whatever a model does wrong goes back to it as a tool result with an error, and nothing is sent. The hub's own tools
/// (hub_tools.h) are answered here, without a step of their own for whoever drives. In the last step no call is
/// allowed, so that it ends in words; the tools are named all the same when the conversation has calls, for servers
/// that refuse calls of tools they are not told of. A step that calls a client's own tool ends the turn: those calls
/// are returned, and skill calls in the same step are not run (the model makes them again when it has the client's
/// results).
///
/// Pure but for what the catalog finds; one turn.   Bounds: Options; of the conversation so far, whole turns are left
/// out, oldest first (history.h), and start() fails with `too_large` when the newest does not fit.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "bridge/chat/planned_call.h"
#include "bridge/chat/tool_catalog.h"
#include "bridge/llm/provider.h"

namespace strawberry::bridge {

class AgentLoop {
 public:
  struct Options {
    std::size_t steps_max = 8;
    std::size_t calls_per_step_max = 16;  // more are answered with an error, and not run
    std::size_t calls_kept_max = 64;      // of one step; beyond that they are dropped
    std::size_t result_bytes_max = 8 * 1024;
    std::size_t content_bytes_max = 256 * 1024;  // of the answer; cut, finish_reason `length`
    std::size_t history_bytes_max = 384 * 1024;  // of the messages that it starts with
    std::size_t history_messages_max = 1100;     // a request's, and a session's before it
  };

  struct AskModel {
    bool with_tools;
    bool is_first;
    bool tool_choice_none;  // the tools are named, but none may be called
  };
  struct RunTools {
    std::vector<PlannedCall> calls;
  };
  struct Finish {
    std::string content;
    std::string finish_reason;
    std::vector<ToolCall> client_calls;
  };
  using Next = std::variant<AskModel, RunTools, Finish, Error>;

  /// `catalog` outlives the loop. `may_call` false: no call at all.
  AgentLoop(ToolCatalog& catalog, const nlohmann::json& messages, bool may_call, Options options);

  Next start();
  Next model_answered(ModelReply reply);
  /// One outcome for each call of RunTools, in the same order.
  Next tools_ran(std::vector<Reply<nlohmann::json>> outcomes);

  /// A call was made that may have done something: what fails from now on must not be begun anew.
  bool has_run_tools() const { return !ran_.empty(); }
  const nlohmann::json& messages() const { return messages_; }
  const Usage& usage() const { return usage_; }
  const std::string& model() const { return model_; }
  const std::string& provider() const { return provider_; }

 private:
  bool can_call() const;
  Next ask();
  Next take_calls(ModelReply reply);
  Next finish(ModelReply reply);
  void keep_calls_sound(std::vector<ToolCall>& calls);
  void add_result(const std::string& id, const Reply<nlohmann::json>& outcome);

  ToolCatalog& catalog_;
  const Options options_;
  const bool may_call_;
  nlohmann::json messages_;
  bool is_too_large_ = false;  // the newest turn was
  bool has_calls_ = false;     // messages_ has
  std::set<std::string> ids_;  // of all calls in messages_
  std::size_t step_ = 0;       // models asked so far
  /// Of the calls under way: every id in order, with the outcome when there is nothing to run.
  struct Open {
    std::string id;
    std::string skill_path;
    std::optional<Reply<nlohmann::json>> outcome;
  };
  std::vector<Open> open_;
  std::vector<std::string> ran_;  // paths, for the record of what was done
  Usage usage_;
  std::string model_;
  std::string provider_;
};

/// The calls of an assistant message, as the OpenAI wire has them.
nlohmann::json tool_calls_json(const std::vector<ToolCall>& calls);

}  // namespace strawberry::bridge
