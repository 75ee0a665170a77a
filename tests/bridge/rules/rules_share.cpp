/// Prints how much of the table of sentences the rules understand (scripts/bench rules). With --all, also each sentence
/// that fails; with --twists, commands that are negated or conditional (`don't …`, `… if it rains`); with files, for
/// these tables. Exit code 1 when a sentence leads to a wrong action.
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bridge/rules/sentence_table.h"

using strawberry::test::Verdict;

namespace {

struct Share {
  std::size_t right = 0, missed = 0, wrong = 0;
};

Share share_of(const std::string& path, bool shows_all, bool twists) {
  Share share;
  auto table = strawberry::test::read_table(path);
  if (twists) {
    std::vector<strawberry::test::TableLine> all;
    const std::string language = path.find(".de.") == std::string::npos ? "en" : "de";
    for (const auto& twist : strawberry::test::twists(language))
      for (auto& line : strawberry::test::twisted(table, twist)) all.push_back(std::move(line));
    table = std::move(all);
  }
  for (const auto& one : strawberry::test::try_table(table)) {
    share.right += one.verdict == Verdict::right ? 1 : 0;
    share.missed += one.verdict == Verdict::missed ? 1 : 0;
    share.wrong += one.verdict == Verdict::wrong ? 1 : 0;
    if (!shows_all || one.verdict == Verdict::right) continue;
    std::printf("%s:%zu %s: %s\n  expected %s\n  got      %s  %s\n", path.c_str(), one.line.number,
                one.verdict == Verdict::wrong ? "WRONG" : "missed", one.line.sentence.c_str(),
                one.line.expected.c_str(), one.got.c_str(), one.words.c_str());
  }
  return share;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view option = argc > 1 ? argv[1] : "";
  const bool twists = option == "--twists";
  const bool shows_all = option == "--all" || twists;
  std::vector<std::string> paths(argv + (shows_all ? 2 : 1), argv + argc);
  if (paths.empty())
    for (const char* language : {"en", "de"})
      paths.push_back(std::string(STRAWBERRY_SENTENCES_DIR) + "/sentences." + language + ".txt");
  bool is_wrong = false;
  for (const auto& path : paths) {
    const auto share = share_of(path, shows_all, twists);
    const auto all = share.right + share.missed + share.wrong;
    std::printf("rules, %s: %zu of %zu sentences right (%.1f %%), %zu not understood, %zu wrong actions\n",
                path.substr(path.rfind('/') + 1).c_str(), share.right, all,
                all == 0 ? 0.0 : 100.0 * static_cast<double>(share.right) / static_cast<double>(all), share.missed,
                share.wrong);
    is_wrong = is_wrong || share.wrong > 0;
  }
  return is_wrong ? 1 : 0;
}
