/// Converts TensorZero-style bodies (its `POST /inference`) to OpenAI requests, which the rest of the chat handles, and
/// answers to that format.
///
/// The hub has one function, its chat, whatever `function_name` says; `model_name` chooses the model:
/// `openai::gpt-4o-mini` is the contract's `openai/gpt-4o-mini`. Members that have no meaning here are refused by name,
/// not dropped.
///
/// Pure.   Errors: `bad_request` with details.path.   Bounds: the caller's schema limits messages, and blocks of one
/// message; ChatRequest checks the result again.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "bridge/chat/answer_format.h"
#include "common/contract/error.h"

namespace strawberry::bridge {

/// Returns the equivalent OpenAI body, with the members of the envelope unchanged.
Reply<nlohmann::json> openai_body_from_tensorzero(const nlohmann::json& body);

/// Returns the format for the answer to `body`: with its episode, or a new one.
std::unique_ptr<AnswerFormat> tensorzero_format(const nlohmann::json& body);

}  // namespace strawberry::bridge
