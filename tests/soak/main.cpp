/// Many faults, and a ledger that shows whether the hub kept its promises (scripts/soak).
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <optional>

#include "tests/soak/report.h"

namespace {

using namespace strawberry::soak;

int run(const SoakOptions& options, const Allowance& allowance, const std::string& log) {
  std::cout << "seed " << options.seed << "\n";
  Soak soak(options);
  soak.run();
  const auto verdict = judge(soak.ledger(), allowance);
  print(std::cout, soak.ledger(), soak.figures(), verdict);
  if (!log.empty()) std::ofstream(log) << soak.bridge_log();
  if (!options.forgetful) return verdict.kept() ? 0 : 1;
  // Tests the test: this hub must break a promise, and the verdict must detect it.
  const bool is_seen = verdict.is_broken(ran_once);
  std::cout << (is_seen ? "seen: a hub that forgets makes calls twice\n"
                        : "NOT SEEN that a hub that forgets makes calls twice\n");
  return is_seen ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A hub under faults, and whether it kept its word");
  SoakOptions options;
  Allowance allowance;
  bool is_short = false;
  double minutes = 10;
  int slack_ms = 0;
  std::string log;
  app.add_flag("--short", is_short, "2 000 requests, 2 kills, 1 restart of the broker");
  app.add_option("--minutes", minutes, "how long the 20 000 requests take")->check(CLI::Range(0.5, 600.0));
  std::optional<int> kills;
  std::optional<int> restarts;
  app.add_option("--kills", kills, "of the bridge")->check(CLI::Range(0, 100));
  app.add_option("--broker-restarts", restarts)->check(CLI::Range(0, 100));
  app.add_option("--seed", options.seed, "the same seed asks the same");
  app.add_option("--slack-ms", slack_ms, "for a machine that does other things too, on top of 250 ms")
      ->check(CLI::Range(0, 10'000));
  app.add_flag(
      "--forgetful", options.forgetful,
      "a hub that remembers 100 requests, asked many things again: the ledger must see that it makes calls twice");
  app.add_option("--bridge-log", log, "where to write what the last bridge said");
  app.add_flag("--quiet", options.quiet, "only the ledger");
  CLI11_PARSE(app, argc, argv);
  options.requests_per_s = std::max(1, static_cast<int>(options.requests / (minutes * 60)));
  if (is_short || options.forgetful) {
    options.requests = 2'000;
    options.requests_per_s = 130;
    options.kills = 2;
    options.broker_restarts = 1;
  }
  options.kills = kills.value_or(options.kills);
  options.broker_restarts = restarts.value_or(options.broker_restarts);
  if (options.forgetful) {
    options.requests = 1'000;
    options.kills = 0;
    options.broker_restarts = 0;
  }
  allowance.answer += milliseconds(slack_ms);
  allowance.delivery += milliseconds(slack_ms);
  try {
    return run(options, allowance, log);
  } catch (const std::exception& failure) {
    std::cerr << "soak: " << failure.what() << "\n";
    return 2;
  }
}
