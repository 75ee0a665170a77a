/// Prints how much of the table of sentences the rules understand (scripts/bench rules). With --all, also each sentence
/// that is not right. Exit code 1 when a sentence leads to a wrong action.
#include <cstdio>
#include <string_view>

#include "tests/bridge/rules/sentence_table.h"

using strawberry::test::Verdict;

int main(int argc, char** argv) {
  const bool shows_all = argc > 1 && std::string_view(argv[1]) == "--all";
  bool is_wrong = false;
  for (const std::string language : {"en", "de"}) {
    const auto tried = strawberry::test::try_table(
        strawberry::test::read_table(std::string(STRAWBERRY_SENTENCES_DIR) + "/sentences." + language + ".txt"));
    std::size_t right = 0, missed = 0, wrong = 0;
    for (const auto& one : tried) {
      right += one.verdict == Verdict::right ? 1 : 0;
      missed += one.verdict == Verdict::missed ? 1 : 0;
      wrong += one.verdict == Verdict::wrong ? 1 : 0;
      if (shows_all && one.verdict != Verdict::right)
        std::printf("%s:%zu %s: %s\n  expected %s\n  got      %s  %s\n", language.c_str(), one.line.number,
                    one.verdict == Verdict::wrong ? "WRONG" : "missed", one.line.sentence.c_str(),
                    one.line.expected.c_str(), one.got.c_str(), one.words.c_str());
    }
    std::printf("rules %s: %zu of %zu sentences right (%.1f %%), %zu not understood, %zu wrong actions\n",
                language.c_str(), right, tried.size(),
                100.0 * static_cast<double>(right) / static_cast<double>(tried.size()), missed, wrong);
    is_wrong = is_wrong || wrong > 0;
  }
  return is_wrong ? 1 : 0;
}
