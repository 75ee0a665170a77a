/// The table of sentences (sentences.*.txt): reads it, and runs the rules on it.
#pragma once

#include <string>
#include <vector>

#include "bridge/rules/understand.h"

namespace strawberry::test {

using namespace bridge;

struct TableLine {
  std::size_t number = 0;  // in the file
  bool goes_on = false;    // continues the conversation of the previous line
  std::string sentence;
  std::string expected;
};

enum class Verdict {
  right,
  missed,  // not understood, or answered by a question; nothing was called
  wrong,   // an unexpected call
};

struct Tried {
  TableLine line;
  std::string got;    // in the form of the table
  std::string words;  // the answer's text
  Verdict verdict = Verdict::right;
};

/// Ends the program when the file cannot be read or has a line of another form.
std::vector<TableLine> read_table(const std::string& path);

/// Words around a command that cancel it: `don't …`, `… if it rains`. Separated by `|`.
const std::vector<std::string>& twists(const std::string& language);

/// The table's first commands with a twist: nothing may be called. Without those that hold free text or only ask.
std::vector<TableLine> twisted(const std::vector<TableLine>& table, const std::string& twist);

/// Runs each sentence on the table's household; all calls succeed.
std::vector<Tried> try_table(const std::vector<TableLine>& table);

/// `turn_on@kitchen_light {}`, several joined by ` + `; or ask, answer, nothing.
std::string in_table_form(const rules::Decision& decision);

}  // namespace strawberry::test
