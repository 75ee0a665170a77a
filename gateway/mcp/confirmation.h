/// Confirmation of skills that ask first: the question to the person (an elicitation in the result, MCP's multi
/// round-trip requests), and the `requestState` that the client returns with the answer.
///
/// The state is signed with a key that only this process has, and bound to the principal, the tool, its arguments and a
/// time. So it proves that this gateway asked exactly this question. Its number is the call's id at the hub: an answer
/// that is sent twice runs once. After a restart of the gateway the question is asked again.
///
/// Threading: none of its own; const after construction.   Errors: RpcError that says what to do.
/// Bounds: state_bytes_max, confirm_timeout (less than the ten minutes for which the hub knows a repeated request).
#pragma once

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "common/contract/principal.h"
#include "common/text/clock.h"
#include "gateway/mcp/rpc.h"

namespace strawberry::gateway::mcp {

inline constexpr std::chrono::minutes confirm_timeout{5};
inline constexpr std::size_t state_bytes_max = 1024;
inline constexpr const char* question_key = "confirm";

/// The subject of a question.
struct Asked {
  Asked() = default;  // no aggregate: g++ 12 copies those badly into coroutines
  Principal principal;
  std::string tool;
  nlohmann::json arguments;
};

class Confirmations {
 public:
  Confirmations();

  std::string state_of(const Asked& asked, WallTime now) const;
  /// Verifies the state and returns the question's number.
  tl::expected<std::string, RpcError> check(const std::string& state, const Asked& asked, WallTime now) const;

 private:
  std::string signature_of(std::string_view payload) const;

  std::array<unsigned char, 32> key_{};
};

/// Makes the result that asks. `question`: the hub's `confirm`.
nlohmann::json input_required(const nlohmann::json& question, std::string state);

enum class PersonsAnswer { none, allowed, refused };
PersonsAnswer answer_of_person(const nlohmann::json& input_responses);

/// The error for a client that cannot ask its user.
RpcError cannot_elicit();

}  // namespace strawberry::gateway::mcp
