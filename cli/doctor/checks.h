/// What is wrong with a hub, and what to do about it: a list of small judgements over Facts. Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/doctor/facts.h"

namespace strawberry::cli {

enum class Verdict { good, warning, bad };
std::string_view to_string(Verdict verdict);

/// Texts are printable, whatever the facts held.
struct Finding {
  std::string check;  // its name
  Verdict verdict = Verdict::good;
  std::string what;
  std::string what_to_do = {};  // a command where there is one; empty when all is well
};

/// Nothing where the facts give no ground for a judgement, because something else is missing first.
using Maybe = std::optional<Finding>;
struct Check {
  const char* name;
  Maybe (*judge)(const Facts& facts);
};

std::vector<Finding> examine(const Facts& facts);
bool is_healthy(const std::vector<Finding>& findings);

/// A line a finding, and one below it with what to do. Marks on a terminal, words elsewhere.
std::string show_findings(const std::vector<Finding>& findings, bool is_terminal, bool colours);
nlohmann::json findings_as_json(const std::vector<Finding>& findings);

}  // namespace strawberry::cli
