// The indexed search against the plainest one there is, over random registrations, departures and questions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "bridge/skills/skill_registry.h"
#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Does what the contract says of `search`, by looking at everything.
class PlainSearch {
 public:
  void put(const std::string& device, const std::vector<SkillRow>& skills) {
    remove(device);
    for (const auto& skill : skills) {
      auto& group = groups_[{skill.class_name, skill.function_name, skill.signature}];
      group.docstring = skill.docstring;
      group.devices.insert(device);
    }
  }
  void remove(const std::string& device) {
    for (auto group = groups_.begin(); group != groups_.end();) {
      group->second.devices.erase(device);
      group = group->second.devices.empty() ? groups_.erase(group) : std::next(group);
    }
  }
  /// One line for each result.
  std::vector<std::string> search(const std::string& query, const std::string& local,
                                  const std::set<std::string>& silent) const {
    std::vector<std::string> words;
    std::istringstream stream(lower(query));
    for (std::string word; stream >> word;) words.push_back(word);
    for (const bool all_words : {true, false}) {
      std::vector<std::string> locals;
      std::vector<std::string> others;
      for (const auto& [key, group] : groups_) {
        const auto& [class_name, function_name, signature] = key;
        const auto contains = [&, &docstring = group.docstring](const std::string& word) {
          return lower(std::get<0>(key)).find(word) != std::string::npos ||
                 lower(std::get<1>(key)).find(word) != std::string::npos ||
                 lower(docstring).find(word) != std::string::npos;
        };
        if (all_words ? !std::all_of(words.begin(), words.end(), contains)
                      : !std::any_of(words.begin(), words.end(), contains)) {
          continue;
        }
        std::string line = class_name + "." + function_name + "|" + signature + "|" + group.docstring;
        std::size_t live = 0;
        for (const auto& device : group.devices) {
          if (silent.contains(device)) continue;
          line += " " + device;
          ++live;
        }
        if (live == 0) continue;
        const bool is_local = group.devices.contains(local) && !silent.contains(local);
        (is_local ? locals : others).push_back(line);
      }
      locals.insert(locals.end(), others.begin(), others.end());
      if (!locals.empty()) return locals;
    }
    return {};
  }

 private:
  struct Group {
    std::string docstring;
    std::set<std::string> devices;
  };
  std::map<std::tuple<std::string, std::string, std::string>, Group> groups_;
};

class SkillRegistryModelTest : public testing::TestWithParam<std::size_t> {
 protected:
  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }
  /// Few letters, so that words are parts of one another; sometimes with what is not a letter.
  std::string word(std::size_t length_max) {
    static constexpr std::string_view letters = "abAB_e\xc3\xa9\x01";
    std::string out;
    for (std::size_t n = below(length_max) + 1; n > 0; --n) out += letters[below(below(8) == 0 ? letters.size() : 5)];
    return out;
  }
  std::string words(std::size_t count_max, std::size_t length_max) {
    static constexpr std::array<const char*, 4> spaces{" ", "  ", "\n", "\t"};
    std::string out = below(9) == 0 ? " " : "";
    for (std::size_t n = below(count_max + 1); n > 0; --n) out += word(length_max) + spaces[below(spaces.size())];
    return out;
  }
  std::vector<SkillRow> some_skills() {
    std::map<std::string, SkillRow> skills;
    for (std::size_t n = below(6); n > 0; --n) {
      SkillRow skill{"K" + word(2), "f" + word(2), "f(" + word(1) + ")", words(4, 5), false, false};
      skills.emplace(skill.class_name + "." + skill.function_name, skill);
    }
    std::vector<SkillRow> rows;
    for (auto& [path, skill] : skills) rows.push_back(std::move(skill));
    return rows;
  }
  std::vector<std::string> indexed(const std::string& query, const std::string& local) {
    std::vector<std::string> lines;
    const auto matches = registry_.search("alice", {query, local, 100});
    for (const auto& match : *matches) {
      std::string line =
          match.path() + "|" + std::string(match.skill.signature()) + "|" + std::string(match.skill.docstring());
      for (const auto* device : match.devices) line += " " + device->row.device_id;
      EXPECT_EQ(match.device_count, match.devices.size());
      lines.push_back(std::move(line));
    }
    return lines;
  }

  std::mt19937 random_{static_cast<unsigned>(GetParam())};
  test::FakeClock clock_;
  DeviceRegistry devices_;
  SkillRegistry registry_{clock_, devices_, {1800s, GetParam() % 3 == 0 ? 40U : 1U}};
  PlainSearch plain_;
};

TEST_P(SkillRegistryModelTest, FindsWhatLookingAtEverythingFinds) {
  std::set<std::string> silent;
  std::set<std::string> present;
  for (int step = 0; step < 1500; ++step) {
    const std::string id = "d" + std::to_string(below(25) + 10);
    switch (below(8)) {
      case 0:
      case 1:
      case 2: {
        DeviceRow row;
        row.device_id = row.name = row.normalized_name = id;
        row.user_id = "alice";
        const bool is_silent = below(5) == 0;
        row.skills_heartbeat_at_ms = to_unix_ms(clock_.wall_now() - (is_silent ? 1800s : 0s));
        is_silent ? void(silent.insert(id)) : void(silent.erase(id));
        devices_.put(row);
        present.insert(id);
        const auto skills = some_skills();
        registry_.put(id, "alice", skills);
        plain_.put(id, skills);
        break;
      }
      case 3:
        devices_.remove(id);
        registry_.remove(id);
        plain_.remove(id);
        present.erase(id);
        break;
      default: {
        const std::string query = words(3, 4);
        ASSERT_EQ(indexed(query, id), plain_.search(query, id, silent)) << "step " << step << ": '" << query << "'";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SkillRegistryModelTest, testing::Range<std::size_t>(0, 12));

}  // namespace
}  // namespace strawberry::bridge
