/// The table of sentences (sentences.*.txt): reading it, and trying the rules on it.
#pragma once

#include <string>
#include <vector>

#include "bridge/rules/understand.h"

namespace strawberry::test {

using namespace bridge;

struct TableLine {
  std::size_t number = 0;  // in the file
  bool goes_on = false;    // with the conversation of the line before
  std::string sentence;
  std::string expected;
};

enum class Verdict {
  right,
  missed,  // not understood, or asked about; nothing was called
  wrong,   // called what was not expected
};

struct Tried {
  TableLine line;
  std::string got;    // in the form of the table
  std::string words;  // that were said
  Verdict verdict = Verdict::right;
};

/// Ends the program when the file cannot be read or has a line of another form.
std::vector<TableLine> read_table(const std::string& path);

/// Words around a command that make it none: `don't …`, `… if it rains`. Parted at the bar.
const std::vector<std::string>& twists(const std::string& language);

/// The table's first commands put into a twist: nothing may be called. Without those that hold free text or only tell.
std::vector<TableLine> twisted(const std::vector<TableLine>& table, const std::string& twist);

/// Each sentence on the table's household; what is called succeeds.
std::vector<Tried> try_table(const std::vector<TableLine>& table);

/// `turn_on@kitchen_light {}`, several joined by ` + `; or ask, answer, nothing.
std::string in_table_form(const rules::Decision& decision);

}  // namespace strawberry::test
