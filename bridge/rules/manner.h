/// Decides whether a sentence is a command, a question or a statement. Only a command may cause calls that change
/// anything.
///
/// A polite request (`could you …?`, `I want …`, `please …`) is a command. An uncertain sentence is a question.
/// Pure functions. Bounds: those of the sentence.
#pragma once

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

enum class Manner { command, question, statement };

struct Said {
  Manner manner = Manner::command;
  std::size_t begin = 0;  // the first word after courtesy
};

/// Decides for words [from, to).
Said how_said(const Sentence& sentence, std::size_t from, std::size_t to);

/// True for is, are, was, has, should, …: after a thing they make the sentence a statement. `light's` is not included.
bool is_copula(std::string_view word);
/// True for if, when, not, tomorrow, except, …: they change the meaning of a command, so they are never ignored.
bool is_condition(std::string_view word);

}  // namespace strawberry::bridge::rules
