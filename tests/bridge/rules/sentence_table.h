/// The table of sentences (sentences.*.txt): reading it, and trying the rules on it.
#pragma once

#include <string>
#include <vector>

#include "bridge/rules/understand.h"

namespace strawberry::test {

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

/// Each sentence on the table's household; what is called succeeds.
std::vector<Tried> try_table(const std::vector<TableLine>& table);

/// `turn_on@kitchen_light {}`, several joined by ` + `; or ask, answer, nothing.
std::string in_table_form(const rules::Decision& decision);

}  // namespace strawberry::test
