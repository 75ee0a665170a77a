#include "tests/soak/ledger.h"

#include <algorithm>

namespace strawberry::soak {

bool touch(const Spans& spans, Time begin, Time end, milliseconds margin) {
  return std::any_of(spans.begin(), spans.end(), [&](const Span& span) {
    return Span{span.from, span.to + margin}.touches(begin, end);
  });
}

milliseconds covered(Spans spans, Time begin, Time end) {
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
  std::chrono::nanoseconds sum{0};
  for (const auto& span : spans) {
    const auto from = std::max(span.from, begin);
    const auto to = std::min(span.to, end);
    if (from >= to) continue;
    sum += to - from;
    begin = to;
  }
  return std::chrono::ceil<milliseconds>(sum);
}

const char* to_string(How how) {
  switch (how) {
    case How::ok: return "ok";
    case How::slow: return "slow";
    case How::late: return "late";
    case How::hang: return "hang";
    case How::twice: return "twice";
    case How::fail: return "fail";
    case How::rubbish: return "rubbish";
    case How::gibberish: return "gibberish";
    case How::cut: return "cut";
    case How::theft: return "theft";
  }
  return "?";
}

std::string Request::name() const {
  return "#" + std::to_string(number) + " " + kind + (kind == "call" ? std::string(" ") + to_string(how) : "") +
         " from " + sender + (target.empty() ? "" : " to " + target) + " [" + id + "], " +
         std::to_string(timeout.count()) + " ms";
}

std::size_t Ledger::restarts_between(Time begin, Time end) const {
  const auto within = [&](Time at) { return begin <= at && at <= end; };
  return static_cast<std::size_t>(std::count_if(kills.begin(), kills.end(), within) +
                                  std::count_if(broker_stops.begin(), broker_stops.end(), within));
}

bool Ledger::was_down_between(Time begin, Time end) const {
  return touch(bridge_down, begin, end) || touch(broker_down, begin, end);
}

bool Ledger::was_away_between(const std::string& party, Time begin, Time end) const {
  const auto found = away.find(party);
  return found != away.end() && touch(found->second, begin, end);
}

}  // namespace strawberry::soak
