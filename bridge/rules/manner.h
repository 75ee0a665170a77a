/// How something is said: as a command, as a question or as a statement. Only a command may make anything happen.
///
/// A polite request (`could you …?`, `I want …`, `please …`) is a command. When in doubt it is a question.
/// Pure functions. Bounds: those of the sentence.
#pragma once

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

enum class Manner { command, question, statement };

struct Said {
  Manner manner = Manner::command;
  std::size_t begin = 0;  // the first word after courtesy
};

/// Of words [from, to).
Said how_said(const Sentence& sentence, std::size_t from, std::size_t to);

/// is, are, was, has, should, …: what makes a sentence about a thing a statement about it. `light's` is not among them.
bool is_copula(std::string_view word);
/// if, when, not, tomorrow, except, …: changes what a command means, so it is never passed over.
bool is_condition(std::string_view word);

}  // namespace strawberry::bridge::rules
