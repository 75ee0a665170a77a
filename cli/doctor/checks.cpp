#include "cli/doctor/checks.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/doctor/judgements.h"
#include "cli/text.h"

namespace strawberry::cli {

std::string octal(unsigned mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

std::string shell_word(const std::string& word) {
  const auto harmless = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || (c != '\0' && std::strchr("_-./", c) != nullptr);
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), harmless)) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

bool is_permission_denied(const FileFacts& file) { return file.error == EACCES; }
bool has_keys(const Facts& f) { return f.keys.exists && f.keys.problem.empty(); }

std::string start_hub(const Facts& f) { return f.is_package ? "systemctl restart mosquitto strawberry-bridge" : f.run; }
std::string restart_bridge(const Facts& f) {
  return f.is_package ? "systemctl restart strawberry-bridge" : "stop scripts/run with Ctrl-C, then " + f.run;
}
std::string restart_broker(const Facts& f) {
  const bool is_systems = f.is_package || f.config.path.starts_with("/etc/");
  return is_systems ? "systemctl restart mosquitto" : "stop scripts/run with Ctrl-C, then " + f.run;
}
std::string show_bridge_log(const Facts& f) {
  return f.is_package ? "journalctl -u strawberry-bridge -n 20" : "tail " + shell_word(f.data_dir + "/log/bridge.log");
}
std::string show_broker_log(const Facts& f) {
  return "tail " + (f.is_package ? "/var/log/mosquitto/mosquitto.log" : shell_word(f.data_dir + "/log/broker.log"));
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::good: return "ok";
    case Verdict::warning: return "warning";
    case Verdict::bad: return "failed";
  }
  return "failed";
}

std::vector<Finding> examine(const Facts& facts) {
  std::vector<Finding> findings;
  for (const auto& checks : {file_checks(), broker_checks(), hub_checks(), token_checks()}) {
    for (const Check& check : checks) {
      auto finding = check.judge(facts);
      if (!finding) continue;
      finding->check = check.name;
      finding->what = printable(finding->what, 1'000);
      finding->what_to_do = printable(finding->what_to_do, 1'000);
      findings.push_back(std::move(*finding));
    }
  }
  return findings;
}

bool is_healthy(const std::vector<Finding>& findings) {
  return std::none_of(findings.begin(), findings.end(), [](const Finding& f) { return f.verdict == Verdict::bad; });
}

std::string show_findings(const std::vector<Finding>& findings, bool is_terminal, bool colours) {
  struct Mark {
    const char* sign;
    const char* word;
    const char* colour;
  };
  constexpr Mark marks[] = {{"✓", "ok     ", "\x1b[32m"}, {"!", "warning", "\x1b[33m"}, {"✗", "failed ", "\x1b[31m"}};
  std::string out;
  for (const Finding& finding : findings) {
    const Mark& mark = marks[static_cast<std::size_t>(finding.verdict)];
    const std::string sign = is_terminal ? mark.sign : mark.word;
    out += (colours ? mark.colour + sign + "\x1b[0m" : sign) + " " + finding.check + ": " + finding.what + "\n";
    if (!finding.what_to_do.empty()) out += "  → " + finding.what_to_do + "\n";
  }
  return out;
}

nlohmann::json findings_as_json(const std::vector<Finding>& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& finding : findings) {
    nlohmann::json entry = {{"check", finding.check}, {"verdict", to_string(finding.verdict)}, {"what", finding.what}};
    if (!finding.what_to_do.empty()) entry["what_to_do"] = finding.what_to_do;
    list.push_back(std::move(entry));
  }
  return {{"healthy", is_healthy(findings)}, {"checks", std::move(list)}};
}

}  // namespace strawberry::cli
