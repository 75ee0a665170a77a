/// TensorZero-style bodies (its `POST /inference`): a request turned into the OpenAI one that the rest of the chat
/// knows, and answers written in that shape.
///
/// The hub has one function, its chat, whatever `function_name` says; `model_name` chooses the model:
/// `openai::gpt-4o-mini` is the contract's `openai/gpt-4o-mini`. What has no meaning here is refused by name, not
/// dropped.
///
/// Pure.   Errors: `bad_request` with details.path.   Bounds: messages, and blocks of one message, by the caller's
/// schema; what comes out is checked again by ChatRequest.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "bridge/chat/answer_format.h"
#include "common/contract/error.h"

namespace strawberry::bridge {

/// An OpenAI body that asks for the same, with the envelope's members as they were.
Reply<nlohmann::json> openai_body_from_tensorzero(const nlohmann::json& body);

/// For the answer to `body`: with its episode, or a new one.
std::unique_ptr<AnswerFormat> tensorzero_format(const nlohmann::json& body);

}  // namespace strawberry::bridge
