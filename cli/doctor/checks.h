/// Finds what is wrong with a hub, and how to repair it: a list of small judgements over Facts. Pure functions.
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

/// Texts are printable, whatever the facts contain.
struct Finding {
  std::string check;  // the check's name
  Verdict verdict = Verdict::good;
  std::string what;
  std::string what_to_do = {};  // a command where possible; empty when all is well
};

/// Nullopt where the facts are not sufficient, because something else is missing first.
using Maybe = std::optional<Finding>;
struct Check {
  const char* name;
  Maybe (*judge)(const Facts& facts);
};

std::vector<Finding> examine(const Facts& facts);
bool is_healthy(const std::vector<Finding>& findings);

/// Prints a line for each finding, and the remedy below it. Marks on a terminal, words elsewhere.
std::string show_findings(const std::vector<Finding>& findings, bool is_terminal, bool colours);
nlohmann::json findings_as_json(const std::vector<Finding>& findings);

}  // namespace strawberry::cli
