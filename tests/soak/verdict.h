/// Judges a ledger: which promises were kept, how often they were checked, and what broke them.
///
/// Pure.   Bounds: examples_max examples for each promise.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/soak/ledger.h"

namespace strawberry::soak {

inline constexpr std::size_t examples_max = 5;

// The promises, as named in the table.
inline constexpr const char* answered = "every request is answered";
inline constexpr const char* once = "answered once";
inline constexpr const char* same_answer = "sent again: the same answer";
inline constexpr const char* in_time = "answered by the deadline + 250 ms";
inline constexpr const char* not_early = "no timeout before the deadline";
inline constexpr const char* ran_once = "no call made twice";
inline constexpr const char* not_late = "no call after its deadline";
inline constexpr const char* own_answers = "no answer to anybody else";
inline constexpr const char* true_answers = "the answer is what happened";
inline constexpr const char* known_codes = "no code the contract lacks";
inline constexpr const char* deserved = "the code the request deserves";
inline constexpr const char* served = "undisturbed requests succeed";
inline constexpr const char* presence = "presence is right within 5 s";
inline constexpr const char* retained = "nothing else is retained";
inline constexpr const char* stored = "what was stored is there once";
inline constexpr const char* memory = "memory and queues are back";

struct Row {
  std::uint64_t checked = 0;
  std::uint64_t broken = 0;
  std::vector<std::string> examples;
};

struct Verdict {
  std::map<std::string, Row> rows;
  std::map<std::string, std::uint64_t> exceptions;  // exceptions that the contract allows, and how often they occurred
  milliseconds worst_answer{0};                     // after the deadline, while nothing was down
  std::string worst_answer_of;
  milliseconds worst_delivery{0};

  bool kept() const;
  bool is_broken(const std::string& promise) const;
};

struct Allowance {
  milliseconds answer{250};
  milliseconds delivery{100};  // for the way from the hub to the device
  double served_min = 0.98;
};

Verdict judge(const Ledger& ledger, const Allowance& allowance);

/// The time relative to the start of the run.
std::string at(const Ledger& ledger, Time time);

}  // namespace strawberry::soak
