// docs/limits.md against the code and the shipped configuration: every limit is there, under its name, with its
// default.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "broker-plugin/gatekeeper.h"
#include "broker-plugin/limited_log.h"
#include "broker-plugin/options.h"
#include "common/contract/topics.h"

namespace strawberry::plugin {
namespace {

using Numbers = std::vector<std::uint64_t>;
using ::testing::UnorderedElementsAreArray;

struct Row {
  std::string what;
  Numbers defaults;
  std::string where;  // as written
};

std::string content_of(const std::string& path) {
  std::ifstream file(STRAWBERRY_SOURCE_DIR "/" + path);
  EXPECT_TRUE(file) << path;
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

/// `4 MiB a second, 1 000 at once` → 4194304, 1000.
Numbers numbers_in(const std::string& text) {
  static const std::regex number(R"((\d[\d ]*\d|\d)(?: ([KMG])iB)?)");
  const std::map<std::string, std::uint64_t> units = {{"", 1}, {"K", 1'024}, {"M", 1'048'576}, {"G", 1'073'741'824}};
  Numbers numbers;
  for (std::sregex_iterator at(text.begin(), text.end(), number), end; at != end; ++at) {
    std::string digits = (*at)[1];
    std::erase(digits, ' ');
    numbers.push_back(std::stoull(digits) * units.at((*at)[2]));
  }
  return numbers;
}

/// The rows of the table under a heading of limits.md.
std::vector<Row> table_under(const std::string& heading) {
  std::istringstream lines(content_of("docs/limits.md"));
  std::vector<Row> rows;
  bool is_here = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) is_here = line == heading;
    if (!is_here || !line.starts_with("| ") || line.starts_with("| what ") || line.starts_with("| option ")) continue;
    std::vector<std::string> cells;
    std::istringstream cell_stream(line.substr(1));
    for (std::string cell; std::getline(cell_stream, cell, '|');) {
      cell.erase(0, cell.find_first_not_of(' '));
      cell.erase(cell.find_last_not_of(' ') + 1);
      cells.push_back(cell);
    }
    if (cells.size() < 2) {
      ADD_FAILURE() << line;
      continue;
    }
    rows.push_back({cells[0], numbers_in(cells[1]), cells.size() > 2 ? cells[2] : ""});
  }
  EXPECT_FALSE(rows.empty()) << heading;
  return rows;
}

/// The names in backticks. An ellipsis stands for the name before, up to where it says how it is counted.
std::vector<std::string> options_in(const std::string& cell) {
  static const std::regex quoted("`([^`]*)`");
  static const std::regex counted("_(max|per_second)$");
  const std::string ellipsis = "…";
  std::vector<std::string> names;
  for (std::sregex_iterator at(cell.begin(), cell.end(), quoted), end; at != end; ++at) {
    std::string name = (*at)[1];
    if (name.starts_with(ellipsis) && !names.empty())
      name = std::regex_replace(names.back(), counted, "") + name.substr(ellipsis.size());
    names.push_back(name);
  }
  return names;
}

TEST(LimitsDoc, HasEveryLimitOfThePlugin) {
  std::map<std::string, std::uint64_t> options;
  for (const auto& [name, value] : plugin_count_options()) options["plugin_opt_" + name] = value;
  const Connections::Options connections;
  const Subscriptions::Options filters;
  const Unread::Options unread;
  const std::map<std::string, Numbers> fixed = {
      {"refused messages of a principal, for whatever reason", {RateLimits::refused_max, RateLimits::refused_max / 2}},
      {"levels of a topic or filter", {topic_levels_max}},
      {"bytes of a topic or filter", {policy_topic_bytes_max}},
      {"filters of a client; of a principal; of a user",
       {filters.client_filters_max, filters.principal_filters_max, filters.user_filters_max}},
      {"levels of all filters of a principal; of a user", {filters.principal_levels_max, filters.user_levels_max}},
      {"connections of a principal; of a user",
       {connections.principal_connections_max, connections.user_connections_max}},
      {"stored sessions of a principal; of a user", {connections.principal_stored_max, connections.user_stored_max}},
      {"sessions of a principal that may have ended: the broker says so later", {connections.principal_left_max}},
      {"given to a principal's clients and not read; to a user's", {unread.principal_bytes_max, unread.user_bytes_max}},
      {"properties of a message: their texts, and 64 bytes for each", {Gatekeeper::properties_bytes_max}},
      {"connections; client ids of stored sessions that are known",
       {connections.connections_max, connections.stored_max}},
      {"bytes of a device's status", {Gatekeeper::status_bytes_max}},
      {"lines of a kind that clients can cause, in log and audit", {LimitedLog::lines_per_second_max}},
      {"principals and users whose rates are counted", {RateLimits::Options{}.accounts_max}},
  };
  const std::map<std::string, Numbers> beside_options = {
      {"failed logins of an address; addresses that are remembered", {LoginLimiter::Options{}.addresses_max}}};

  std::vector<std::string> fixed_seen;
  std::vector<std::string> options_seen;
  for (const Row& row : table_under("## In the broker (the plugin)")) {
    if (row.where == "fixed") {
      fixed_seen.push_back(row.what);
      ASSERT_TRUE(fixed.contains(row.what)) << "not in this test: " << row.what;
      EXPECT_EQ(row.defaults, fixed.at(row.what)) << row.what;
      continue;
    }
    Numbers wanted;
    for (const std::string& name : options_in(row.where)) {
      ASSERT_TRUE(options.contains(name)) << "no such option: " << name;
      options_seen.push_back(name);
      wanted.push_back(options.at(name));
    }
    if (beside_options.contains(row.what))
      for (const std::uint64_t number : beside_options.at(row.what)) wanted.push_back(number);
    EXPECT_EQ(row.defaults, wanted) << row.what;
  }
  std::vector<std::string> names;
  for (const auto& [name, value] : fixed) names.push_back(name);
  EXPECT_THAT(fixed_seen, UnorderedElementsAreArray(names));
  names.clear();
  for (const auto& [name, value] : options) names.push_back(name);
  EXPECT_THAT(options_seen, UnorderedElementsAreArray(names));
}

/// The lines of a mosquitto.conf that set a limit.
std::map<std::string, std::string> limits_in(const std::string& path) {
  static const std::regex limit("(max_[a-z_]+|memory_limit|persistent_client_expiration) (.*)");
  std::map<std::string, std::string> limits;
  std::istringstream lines(content_of(path));
  std::smatch match;
  for (std::string line; std::getline(lines, line);)
    if (std::regex_match(line, match, limit)) limits[match[1]] = match[2];
  return limits;
}

TEST(LimitsDoc, HasEveryLimitOfTheShippedBrokers) {
  const auto limits = limits_in("config/mosquitto.conf");
  EXPECT_EQ(limits_in("config/package/mosquitto.conf"), limits) << "each hub has the same";
  std::vector<std::string> seen;
  for (const Row& row : table_under("## In the broker (mosquitto.conf as shipped)")) {
    Numbers wanted;
    for (const std::string& name : options_in(row.where)) {
      ASSERT_TRUE(limits.contains(name)) << "not in config/mosquitto.conf: " << name;
      seen.push_back(name);
      wanted.push_back(std::stoull(limits.at(name)));
    }
    EXPECT_EQ(row.defaults, wanted) << row.what;
  }
  std::vector<std::string> names;
  for (const auto& [name, value] : limits) names.push_back(name);
  EXPECT_THAT(seen, UnorderedElementsAreArray(names));
}

/// config/bridge.toml has every key with its default: a test of its own sees to that.
TEST(LimitsDoc, HasEveryLimitOfTheBridge) {
  static const std::regex header(R"(\[([a-z_]+)\].*)");
  static const std::regex entry(R"(([a-z_]+) = (\d+).*)");
  std::map<std::string, Numbers> keys;
  std::istringstream lines(content_of("config/bridge.toml"));
  std::string section;
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, match, header)) section = match[1];
    const bool has_limits_in_it = section == "limits" || section == "timeouts";
    if (has_limits_in_it && std::regex_match(line, match, entry))
      keys["`[" + section + "] " + match[1].str() + "`"] = {std::stoull(match[2])};
  }
  std::map<std::string, Numbers> written;
  for (const Row& row : table_under("## Options of the bridge")) {
    EXPECT_FALSE(written.contains(row.what)) << "twice: " << row.what;
    written[row.what] = row.defaults;
  }
  EXPECT_EQ(written, keys);
}

}  // namespace
}  // namespace strawberry::plugin
