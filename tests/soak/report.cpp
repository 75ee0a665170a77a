#include "tests/soak/report.h"

#include <algorithm>
#include <iomanip>

namespace strawberry::soak {
namespace {

void line(std::ostream& out, const std::string& name, const std::string& value) {
  out << "  " << std::left << std::setw(68) << name << std::right << std::setw(12) << value << "\n";
}

std::string megabytes(std::int64_t bytes) { return std::to_string(bytes / 1024 / 1024) + " MiB"; }

milliseconds longest(const Spans& spans) {
  std::chrono::nanoseconds most{0};
  for (const auto& span : spans) most = std::max<std::chrono::nanoseconds>(most, span.to - span.from);
  return std::chrono::floor<milliseconds>(most);
}

}  // namespace

void print(std::ostream& out, const Ledger& ledger, const Figures& figures, const Verdict& verdict) {
  std::map<std::string, std::map<std::string, int>> outcomes;  // kind → code → how many
  std::map<std::string, int> asked;
  std::uint64_t sends = 0;
  for (const auto& request : ledger.requests) {
    const auto kind = request.kind == "call" ? std::string("call, ") + to_string(request.how) : request.kind;
    ++asked[kind];
    sends += request.sends.size();
    const auto* first = request.answers.empty() ? nullptr : &request.answers.front();
    ++outcomes[kind][first == nullptr ? "NOTHING" : first->success ? "ok" : first->code];
  }
  out << "asked, and what came back\n";
  for (const auto& [kind, codes] : outcomes) {
    out << "  " << std::left << std::setw(20) << kind << std::right << std::setw(7) << asked[kind] << "   ";
    for (const auto& [code, times] : codes) out << code << " " << times << "  ";
    out << "\n";
  }
  out << "\nthe run\n";
  line(out, "requests", std::to_string(ledger.requests.size()));
  line(out, "sent, with duplicates", std::to_string(sends));
  line(out, "calls delivered to devices", std::to_string(ledger.deliveries.size()));
  line(out, "bridge killed, longest absence",
       std::to_string(ledger.kills.size()) + ", " + std::to_string(longest(ledger.bridge_down).count()) + " ms");
  line(out, "broker restarted, longest absence",
       std::to_string(ledger.broker_stops.size()) + ", " + std::to_string(longest(ledger.broker_down).count()) + " ms");
  line(out, "parties cut or leaving", std::to_string(figures.cuts));
  line(out, "worst answer after its deadline, nothing being down",
       std::to_string(verdict.worst_answer.count()) + " ms");
  line(out, "worst call after its deadline", std::to_string(verdict.worst_delivery.count()) + " ms");
  line(out, "longest without a CPU: the run, the bridge or the broker",
       std::to_string(longest(ledger.stalls).count()) + " ms");
  line(out, "bridge memory, when it began", megabytes(figures.rss_begin));
  line(out, "bridge memory, at the end", megabytes(figures.rss_end));
  line(out, "of that, answers remembered", megabytes(static_cast<std::int64_t>(figures.answers_bytes)));
  line(out, "seconds", std::to_string(figures.took.count() / 1000));
  out << "\nallowed, and how often\n";
  for (const auto& [what, times] : verdict.exceptions) line(out, what, std::to_string(times));
  out << "\n  " << std::left << std::setw(42) << "promise" << std::right << std::setw(10) << "checked" << std::setw(9)
      << "broken"
      << "\n";
  for (const auto& [promise, row] : verdict.rows) {
    out << "  " << std::left << std::setw(42) << promise << std::right << std::setw(10) << row.checked << std::setw(9)
        << row.broken << "\n";
  }
  for (const auto& [promise, row] : verdict.rows) {
    if (row.broken == 0) continue;
    out << "\nBROKEN: " << promise << "\n";
    for (const auto& example : row.examples) out << "  " << example << "\n";
    if (row.broken > row.examples.size()) out << "  and " << row.broken - row.examples.size() << " more\n";
  }
  out << (verdict.kept() ? "\nall promises kept\n" : "\nPROMISES BROKEN\n");
}

}  // namespace strawberry::soak
