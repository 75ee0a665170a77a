#include "tests/soak/verdict.h"

#include <algorithm>
#include <cstdio>
#include <set>

namespace strawberry::soak {
namespace {

using namespace std::chrono_literals;

/// How long the hub may not know yet that a device connected or disconnected.
constexpr milliseconds hearsay = 1s;
/// Between the party's clock and the broker's timestamps in milliseconds.
constexpr milliseconds clock_step = 5ms;

const std::set<std::string> contract_codes = {
    "bad_request",  "unsupported_version", "unknown_op",     "too_large",        "bad_response_topic", "forbidden",
    "not_found",    "ambiguous",           "device_offline", "timeout",          "skill_error",        "busy",
    "rate_limited", "quota_exceeded",      "provider_error", "provider_timeout", "cancelled",          "already_done",
    "shutting_down"};

bool is_success_expected(How how) {
  return how == How::ok || how == How::slow || how == How::twice || how == How::theft;
}

milliseconds whole(std::chrono::nanoseconds time) { return std::chrono::floor<milliseconds>(time); }

class Judge {
 public:
  Judge(const Ledger& ledger, const Allowance& allowance) : ledger_(ledger), allowance_(allowance) {}

  Verdict run() {
    for (const auto& request : ledger_.requests) {
      if (request.sends.empty()) continue;
      const auto answers = distinct(request);
      if (!check(answered, !answers.empty())) {
        broken(answered, request, "sent at " + when(request.sends.front()) + ", nothing came");
        continue;
      }
      count(request, answers);
      compare(request, answers);
      times(request, *answers.front());
      for (const auto* answer : answers) codes(request, *answer);
      if (request.expected_code.empty()) {
        if (request.kind == "call") truth(request, *answers.front());
        undisturbed(request, *answers.front());
      }
      if (request.asked_again) ++verdict_.exceptions["asked again after a bridge was killed over them"];
    }
    calls();
    for (const auto& [promise, checked] : ledger_.checked) verdict_.rows[promise].checked += checked;
    for (const auto& [promise, what] : ledger_.sightings) example(promise, what);
    share();
    return verdict_;
  }

 private:
  using Answers = std::vector<const Answer*>;

  std::string when(Time time) const { return at(ledger_, time); }

  bool check(const char* promise, bool holds) {
    ++verdict_.rows[promise].checked;
    return holds;
  }
  void example(const std::string& promise, const std::string& what) {
    auto& row = verdict_.rows[promise];
    ++row.broken;
    if (row.examples.size() < examples_max) row.examples.push_back(what);
  }
  void broken(const char* promise, const Request& request, const std::string& what) {
    example(promise, request.name() + ": " + what);
  }

  /// Without duplicates that MQTT marks as redelivered.
  Answers distinct(const Request& request) {
    Answers answers;
    for (const auto& answer : request.answers) {
      const bool again = answer.redelivered && std::any_of(answers.begin(), answers.end(), [&](const auto* earlier) {
                           return earlier->hash == answer.hash;
                         });
      if (again) {
        ++verdict_.exceptions["answers redelivered by MQTT, marked as such"];
      } else {
        answers.push_back(&answer);
      }
    }
    return answers;
  }

  milliseconds stalled(Time begin, Time end) const {
    Spans near;
    for (const auto& span : ledger_.stalls) {
      if (span.touches(begin, end)) near.push_back(span);
    }
    return covered(std::move(near), begin, end);
  }

  bool is_killed_between(Time begin, Time end) const {
    return std::any_of(ledger_.kills.begin(), ledger_.kills.end(),
                       [&](Time kill) { return begin <= kill && kill <= end; });
  }

  /// One for each time it was sent; repetitions before the answer count as one request.
  void count(const Request& request, const Answers& answers) {
    const auto first = request.sends.front();
    const auto restarts = ledger_.restarts_between(first, answers.back()->at);
    const auto most = request.sends.size() * (1 + restarts);
    const auto sure = [&](Time press) { return !is_killed_between(answers.front()->at, press + 2s); };
    const auto least =
        1 + static_cast<std::size_t>(std::count_if(request.presses.begin(), request.presses.end(), sure));
    if (!check(once, least <= answers.size() && answers.size() <= most)) {
      broken(once, request,
             "sent " + std::to_string(request.sends.size()) + " times from " + when(first) + ", answered " +
                 std::to_string(answers.size()) + " times, last at " + when(answers.back()->at) + ": " +
                 answers.back()->body);
    }
    if (answers.size() > request.sends.size() && answers.size() <= most) {
      ++verdict_.exceptions["answered once more across a restart (at least once, says QoS 1)"];
    }
  }

  void compare(const Request& request, const Answers& answers) {
    for (std::size_t i = 1; i < answers.size(); ++i) {
      const auto& before = *answers[i - 1];
      const auto& answer = *answers[i];
      const bool had_not_run = before.code == "busy" || before.body.find("nothing ran") != std::string::npos;
      if (had_not_run || is_killed_between(before.at, answer.at) ||
          is_killed_between(request.sends.front(), answer.at)) {
        continue;
      }
      if (!check(same_answer, before.hash == answer.hash)) {
        broken(same_answer, request,
               when(before.at) + " " + before.body + ", then " + when(answer.at) + " " + answer.body);
      }
    }
  }

  bool is_disturbed(const Request& request, Time end) const {
    return ledger_.was_down_between(request.sends.front(), end) ||
           ledger_.was_away_between(request.sender, request.sends.front(), end);
  }

  void times(const Request& request, const Answer& answer) {
    const auto deadline = request.sends.front() + request.timeout;
    if (answer.code == "timeout" && !check(not_early, answer.at >= deadline - clock_step)) {
      broken(not_early, request, "sent at " + when(request.sends.front()) + ", timed out at " + when(answer.at));
    }
    const auto late = whole(answer.at - deadline) - stalled(deadline, answer.at);
    if (late > allowance_.answer && (request.asked_again || is_disturbed(request, answer.at))) {
      ++verdict_.exceptions["answered late: bridge, broker or sender were away"];
      return;
    }
    if (late > verdict_.worst_answer && !is_disturbed(request, answer.at)) {
      verdict_.worst_answer = late;
      verdict_.worst_answer_of = request.name();
    }
    if (!check(in_time, late <= allowance_.answer)) {
      broken(in_time, request,
             "sent at " + when(request.sends.front()) + ", answered at " + when(answer.at) + ", " +
                 std::to_string(late.count()) + " ms after its deadline: " + answer.body);
    }
  }

  bool may_be_said(const Request& request, const Answer& answer) const {
    if (answer.code == "timeout" || answer.code == "busy") return true;
    if (!request.expected_code.empty()) return answer.code == request.expected_code;
    if (answer.success) return true;
    // Done by a bridge that was killed before it could answer, and repeated.
    if (request.kind == "delete" && answer.code == "not_found") {
      return ledger_.restarts_between(request.sends.front(), answer.at) > 0;
    }
    if (request.kind == "call") return answer.code == "device_offline" || answer.code == "skill_error";
    if (request.service != "chat") return false;
    // A client that disconnects cancels its requests.
    if (answer.code == "cancelled")
      return ledger_.was_away_between(request.sender, request.sends.front() - hearsay, answer.at);
    return answer.code == "provider_error" || answer.code == "provider_timeout";
  }

  void codes(const Request& request, const Answer& answer) {
    if (!check(known_codes, answer.success || contract_codes.contains(answer.code))) {
      broken(known_codes, request, when(answer.at) + " " + answer.body);
    }
    if (!check(deserved, may_be_said(request, answer))) {
      broken(deserved, request, "sent at " + when(request.sends.front()) + ", " + when(answer.at) + " " + answer.body);
    }
  }

  void truth(const Request& request, const Answer& answer) {
    const auto told = ledger_.results.find(request.number);
    const auto begin = request.sends.front();
    std::string lie;
    if (answer.success) {
      const auto is_told = [&](const std::string& result) { return answer.body.find(result) != std::string::npos; };
      if (told == ledger_.results.end()) {
        lie = "no device has answered it";
      } else if (std::none_of(told->second.begin(), told->second.end(), is_told)) {
        lie = "the device said " + told->second.front();
      } else if (!is_success_expected(request.how) && !request.asked_again) {
        lie = "no device has answered it in time";
      }
    } else if (answer.code == "device_offline") {
      if (!request.target.empty() && !ledger_.was_away_between(request.target, begin - hearsay, answer.at)) {
        lie = "it was there";
      }
    } else if (answer.code == "skill_error") {
      if (request.how != How::fail && request.how != How::gibberish) lie = "the device gave no such answer";
    }
    if (!check(true_answers, lie.empty())) {
      broken(true_answers, request, "sent at " + when(begin) + ", " + when(answer.at) + " " + answer.body + ": " + lie);
    }
  }

  void undisturbed(const Request& request, const Answer& answer) {
    const auto begin = request.sends.front();
    const auto end = begin + request.timeout;
    if (request.timeout < 800ms || is_disturbed(request, end)) return;
    if (request.kind == "call" && (!is_success_expected(request.how) || request.target.empty() ||
                                   ledger_.was_away_between(request.target, begin - hearsay, end))) {
      return;
    }
    ++undisturbed_;
    if (answer.success) return;
    failed_.push_back(request.name() + ": sent at " + when(begin) + ", " + when(answer.at) + " " + answer.body);
  }

  void share() {
    auto& row = verdict_.rows[served];
    row.checked = undisturbed_;
    if (static_cast<double>(failed_.size()) <= static_cast<double>(undisturbed_) * (1 - allowance_.served_min)) {
      if (!failed_.empty()) verdict_.exceptions["undisturbed calls without success (few)"] = failed_.size();
      return;
    }
    for (const auto& what : failed_) example(served, what);
  }

  /// Checks the calls that the devices received.
  void calls() {
    struct Seen {
      std::size_t times = 0;
      std::vector<const Delivery*> runs;
    };
    std::map<std::string, Seen> by_call_id;
    std::map<int, std::string> call_ids;
    for (const auto& delivery : ledger_.deliveries) {
      const auto& request = ledger_.request(delivery.request);
      const auto begin = request.sends.empty() ? delivery.at : request.sends.front();
      const auto restarts = ledger_.restarts_between(begin, delivery.at);
      auto& seen = by_call_id[delivery.call_id];
      const bool is_the_call = call_ids.emplace(delivery.request, delivery.call_id).first->second == delivery.call_id;
      const bool may_run =
          !delivery.ran || seen.runs.empty() || (restarts > 0 && may_choose_anew(request, *seen.runs.back(), delivery));
      if (delivery.ran) seen.runs.push_back(&delivery);
      if (delivery.redelivered) {
        ++verdict_.exceptions["calls redelivered by MQTT, marked as such"];
      } else {
        ++seen.times;
      }
      if (!check(ran_once, is_the_call && may_run && seen.times <= 1 + restarts)) {
        broken(ran_once, request,
               "call " + delivery.call_id + " came to " + delivery.device + " at " + when(delivery.at) +
                   (is_the_call ? "" : ", another one for the same request") +
                   (seen.times > 1 ? ", for the " + std::to_string(seen.times) + ". time" : "") +
                   (may_run ? "" : ", had run on " + seen.runs.front()->device + " at " + when(seen.runs.front()->at)));
      } else if (seen.runs.size() > 1 && delivery.ran) {
        ++verdict_
              .exceptions[request.kind == "call" ? "calls for any device, on another after a crash: some came or left"
                                                 : "chats' calls for any device, on another after a crash"];
      } else if (seen.times > 1) {
        ++verdict_.exceptions["calls made again across a restart, and known by their id"];
      }
      lateness(request, delivery);
    }
  }

  /// The hub's choice of a device is stable while the same devices are connected. According to the contract a chat's
  /// call without a target goes to the device heard of last, which may have changed.
  bool may_choose_anew(const Request& request, const Delivery& before, const Delivery& now) const {
    if (request.kind != "call") return true;
    return request.target.empty() && (ledger_.was_away_between(before.device, before.at, now.at) ||
                                      ledger_.was_away_between(now.device, before.at - hearsay, before.at));
  }

  void lateness(const Request& request, const Delivery& delivery) {
    Time deadline = delivery.at - 1h;
    for (const auto send : request.sends) {
      if (send <= delivery.at) deadline = std::max(deadline, send + request.timeout);
    }
    const auto late = whole(delivery.at - deadline) - stalled(deadline, delivery.at);
    verdict_.worst_delivery = std::max(verdict_.worst_delivery, late);
    if (!check(not_late, late <= allowance_.delivery)) {
      broken(not_late, request,
             "call " + delivery.call_id + " came to " + delivery.device + " at " + when(delivery.at) + ", " +
                 std::to_string(late.count()) + " ms after its deadline, saying that " +
                 std::to_string(delivery.left.count()) + " ms are left");
    }
  }

  const Ledger& ledger_;
  const Allowance allowance_;
  Verdict verdict_;
  std::uint64_t undisturbed_ = 0;
  std::vector<std::string> failed_;
};

}  // namespace

bool Verdict::kept() const {
  return std::all_of(rows.begin(), rows.end(), [](const auto& row) { return row.second.broken == 0; });
}

bool Verdict::is_broken(const std::string& promise) const {
  const auto row = rows.find(promise);
  return row != rows.end() && row->second.broken > 0;
}

Verdict judge(const Ledger& ledger, const Allowance& allowance) { return Judge(ledger, allowance).run(); }

std::string at(const Ledger& ledger, Time time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", std::chrono::duration<double>(time - ledger.started).count());
  return text;
}

}  // namespace strawberry::soak
