// `list` and `search` of many skills: whole, or page by page.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "bridge/skills/answer_page.h"
#include "bridge/skills/skill_lists.h"
#include "common/text/base64url.h"
#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr std::size_t answer_bytes_max = 1024 * 1024;

class SkillListsTest : public testing::Test {
 protected:
  void add(const std::string& id, const std::vector<SkillRow>& skills, const std::string& user = "alice") {
    DeviceRow row;
    row.device_id = id;
    row.user_id = user;
    row.name = row.normalized_name = id;
    row.skills_heartbeat_at_ms = to_unix_ms(clock_.wall_now());
    devices_.put(row);
    devices_.set_online(id, true);
    registry_.put(id, user, skills);
  }
  static SkillRow skill(const std::string& class_name, const std::string& signature, std::string docstring = "Does it.",
                        bool confirm = false) {
    const std::string function = signature.substr(0, signature.find('('));
    return {class_name, function, signature, std::move(docstring), false, confirm};
  }
  static std::vector<SkillRow> lamp(const std::string& docstring = "Does it.") {
    return {skill("Light", "turn_on(brightness: int = 100)", docstring), skill("Light", "turn_off()", docstring),
            skill("Light", "is_on() -> bool", docstring)};
  }
  static std::string numbered(const std::string& name, int number) { return name + std::to_string(1000 + number); }

  json ask(const char* op, json body, const Rights& rights = {}) const {
    Request request;
    request.sender = {PrincipalType::user, sender_, "alice"};
    request.acting_user = "alice";
    request.rights = rights;
    request.body = std::move(body);
    const auto answer = std::string(op) == "list" ? list_skills(registry_, request, answer_bytes_max)
                                                  : search_skills(registry_, request, answer_bytes_max);
    return answer ? *answer : json{{"error", to_string(answer.error().code)}};
  }
  /// All pages, and no page larger than it may be.
  std::vector<json> pages(const char* op, json body, const Rights& rights = {}) const {
    std::vector<json> all;
    do {
      all.push_back(ask(op, body, rights));
      EXPECT_LE(all.back().dump().size(), page_bytes_max + 20'000);
      if (all.back().contains("next_cursor")) body["cursor"] = all.back().at("next_cursor");
    } while (all.back().contains("next_cursor") && all.size() < 1000);
    return all;
  }
  static std::vector<std::string> texts(const std::vector<json>& pages, const char* list, const char* first,
                                        const char* second) {
    std::vector<std::string> all;
    for (const json& page : pages)
      for (const json& entry : page.at(list)) all.push_back(entry.at(first).dump() + entry.at(second).dump());
    return all;
  }
  static std::vector<std::string> listed(const std::vector<json>& pages) {
    return texts(pages, "skills", "device_id", "function_name");
  }
  static std::vector<std::string> found(const std::vector<json>& pages) {
    return texts(pages, "results", "path", "signature");
  }

  std::string sender_ = "alice";
  test::FakeClock clock_;
  DeviceRegistry devices_;
  SkillRegistry registry_{clock_, devices_, {1800s}};
};

TEST_F(SkillListsTest, AListWithoutLimitAndCursorIsWholeOrTooLarge) {
  for (int i = 0; i < 100; ++i) add(numbered("lamp", i), lamp());
  const json whole = ask("list", json::object());
  EXPECT_EQ(whole.at("skills").size(), 300u);
  EXPECT_EQ(whole.at("total"), 300);
  EXPECT_FALSE(whole.contains("next_cursor"));
  for (int i = 0; i < 500; ++i) add(numbered("heater", i), lamp(std::string(800, 'd')));
  EXPECT_EQ(ask("list", json::object()).at("error"), "too_large");
}

TEST_F(SkillListsTest, PagesOfAListHaveEverySkillOfFiveHundredDevicesOnce) {
  for (int i = 0; i < 500; ++i) add(numbered("lamp", i), lamp(std::string(800, 'd')));
  for (const json& body : {json{{"limit", 500}}, json{{"limit", 7}}}) {
    const auto all = pages("list", body);
    const auto skills = listed(all);
    EXPECT_EQ(skills.size(), 1500u);
    EXPECT_EQ(std::set<std::string>(skills.begin(), skills.end()).size(), 1500u);
    EXPECT_TRUE(std::is_sorted(skills.begin(), skills.end(), [](const auto& a, const auto& b) {
      return a.substr(0, a.find('"', 1)) < b.substr(0, b.find('"', 1));
    })) << "by device";
    for (const json& page : all) EXPECT_EQ(page.at("total"), 1500);
  }
}

TEST_F(SkillListsTest, APageHasAtMostItsLimit) {
  add("a", lamp());
  add("b", lamp());
  const auto all = pages("list", {{"limit", 4}});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].at("skills").size(), 4u);
  EXPECT_EQ(all[1].at("skills").size(), 2u);
  EXPECT_EQ(pages("list", {{"limit", 6}}).size(), 1u) << "no empty page behind the last";
  EXPECT_EQ(pages("list", {{"limit", 500}}), pages("list", {{"limit", 6}}));
}

TEST_F(SkillListsTest, TextThatGrowsInJsonDoesNotMakeAPageTooLarge) {
  for (int i = 0; i < 20; ++i) add(numbered("a", i), lamp(std::string(30'000, '\x01')));
  EXPECT_EQ(listed(pages("list", {{"limit", 500}})).size(), 60u);
  for (int i = 0; i < 60; ++i) add(numbered("b", i), {skill(numbered("C", i), "f()", std::string(30'000, '\x01'))});
  EXPECT_EQ(found(pages("search", {{"query", ""}, {"limit", 500}})).size(), 63u);
}

TEST_F(SkillListsTest, APageBeginsWhereTheLastOneEndedAlsoWhenThatDeviceIsGone) {
  for (const char* id : {"a", "b", "c"}) add(id, lamp());
  const json first = ask("list", {{"limit", 4}});
  registry_.remove("b");
  const json second = ask("list", {{"limit", 4}, {"cursor", first.at("next_cursor")}});
  EXPECT_THAT(listed({second}), ElementsAre(R"("c""turn_on")", R"("c""turn_off")", R"("c""is_on")"));
  EXPECT_EQ(second.at("total"), 6);
}

TEST_F(SkillListsTest, ExpiredSkillsAreOnNoPage) {
  add("a", lamp());
  clock_.advance(1801s);
  add("b", lamp());
  EXPECT_THAT(listed(pages("list", {{"limit", 2}})),
              ElementsAre(R"("b""turn_on")", R"("b""turn_off")", R"("b""is_on")"));
}

TEST_F(SkillListsTest, PagesHaveOnlyWhatTheTokenMayUse) {
  add("a", lamp());
  add("b", {skill("Door", "unlock()", "Opens.", true), skill("Light", "turn_on(brightness: int = 100)")});
  Rights guest;
  guest.scopes = guest.scopes.without(Scope::confirmed);
  const auto all = pages("list", {{"limit", 3}}, guest);
  EXPECT_EQ(listed(all).size(), 4u);
  for (const json& page : all) EXPECT_EQ(page.at("total"), 4);
}

TEST_F(SkillListsTest, PagesOfASearchAreThoseOfTheWholeOne) {
  sender_ = "own";
  add("own", {skill("Z", "last(turn: int)"), skill("B", "turn(a: int)")});
  for (int i = 0; i < 50; ++i) add(numbered("d", i), {skill(numbered("C", i % 25), "turn(a: int)")});
  const auto whole = found({ask("search", {{"query", "turn"}})});
  EXPECT_EQ(whole.size(), 26u) << "the class Z only has the word in its signature";
  for (const int limit : {1, 2, 5, 26, 500}) {
    const auto all = pages("search", {{"query", "turn"}, {"limit", limit}});
    EXPECT_EQ(found(all), whole) << limit;
    for (const json& page : all) EXPECT_EQ(page.at("total"), 26);
  }
  EXPECT_TRUE(pages("search", {{"query", ""}, {"limit", 1}}).front().at("results")[0].at("is_local"));
}

TEST_F(SkillListsTest, SkillsThatDifferInTheirSchemasAloneAreOnPagesOnceEach) {
  for (int i = 0; i < 5; ++i) {
    auto row = skill("C", "f(**arguments)");
    row.input_schema = R"({"properties":{"p)" + std::to_string(i) + R"(":{}},"type":"object"})";
    add(numbered("d", i), {row});
  }
  EXPECT_EQ(found(pages("search", {{"query", "f"}, {"limit", 2}})).size(), 5u);
}

TEST_F(SkillListsTest, ASearchInPagesGivesUpWhereItWouldTakeTooLong) {
  const auto add_classes = [&](int from, int count) {
    for (int device = 0; device * 500 < count; ++device) {
      std::vector<SkillRow> rows;
      for (int i = 0; i < std::min(500, count - device * 500); ++i)
        rows.push_back(skill("C" + std::to_string(from + device * 500 + i), "f()", ""));
      add("d" + std::to_string(from) + "_" + std::to_string(device), rows);
    }
  };
  add_classes(0, static_cast<int>(SkillRegistry::paged_skills_max));
  EXPECT_EQ(ask("search", {{"query", ""}, {"limit", 500}}).at("total"), SkillRegistry::paged_skills_max);
  add_classes(100'000, 1);
  EXPECT_EQ(ask("search", {{"query", ""}, {"limit", 500}}).at("error"), "too_large");
  EXPECT_EQ(ask("search", {{"query", "C100000"}, {"limit", 500}}).at("total"), 1);
  EXPECT_EQ(listed(pages("list", {{"limit", 500}})).size(), SkillRegistry::paged_skills_max + 1) << "a list has no end";
}

TEST_F(SkillListsTest, ACursorThatIsNoneIsRefused) {
  add("a", lamp());
  for (const std::string& text : {std::string("no"), std::string("x\na"), std::string("-1\na"), std::string("1"),
                                  std::string("99999999999999999999999\na"), std::string()}) {
    const auto cursor = base64url_encode(text);
    EXPECT_EQ(ask("list", {{"cursor", cursor}}).value("error", ""), "bad_request") << text;
    EXPECT_EQ(ask("search", {{"cursor", cursor}}).value("error", ""), "bad_request") << text;
  }
  EXPECT_EQ(ask("list", {{"cursor", "not base64!"}}).at("error"), "bad_request");
  EXPECT_EQ(ask("search", {{"cursor", base64url_encode("2\na\nb\nc\nd")}}).at("error"), "bad_request");
  EXPECT_TRUE(ask("list", {{"cursor", base64url_encode("4000000000\na")}}).at("skills").empty()) << "behind the last";
}

}  // namespace
}  // namespace strawberry::bridge
