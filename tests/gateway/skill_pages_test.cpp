/// A user with more skills than fit into one answer, by each way that lists them.
#include "tests/cli/hub_run.h"
#include "tests/gateway/web_door.h"

namespace strawberry::test {
namespace {

using nlohmann::json;

constexpr int devices = 5;
constexpr int skills_each = 400;

class SkillPages : public WebDoorTest {
 protected:
  void SetUp() override {
    for (int i = 0; i < devices; ++i) {
      json skills = json::array();
      for (int k = 0; k < skills_each; ++k) {
        const std::string function = "turn_" + std::to_string(k);
        const std::string class_name = "Lamp" + std::to_string(i) + "Skill";
        skills.push_back({{"class_name", class_name}, {"function_name", function}, {"signature", function + "()"}});
        skills.back()["docstring"] = "Turns it. " + std::string(450, 'd');
      }
      lamps_.push_back(hub_.device("Lamp " + std::to_string(i)));
      ASSERT_EQ(lamps_.back()->result_of("skills", {{"op", "register"}, {"skills", skills}}).at("registered"), 400);
    }
  }
  json json_of(const std::string& path) {
    const auto response = get(path);
    EXPECT_EQ(response.status, 200) << response.body.substr(0, 500);
    return json::parse(response.body);
  }
  Finished strawberryctl(std::vector<std::string> words) {
    words.insert(words.begin(), {"--data-dir", hub_.files().directory().path().string()});
    return control(std::move(words));
  }

  std::vector<std::unique_ptr<Spoke>> lamps_;
  std::unique_ptr<Spoke> alice_ = hub_.user("alice");
};

TEST_F(SkillPages, AListIsTooLargeWholeAndCompleteInPages) {
  EXPECT_EQ(alice_->code_of("skills", {{"op", "list"}}), "too_large");
  EXPECT_EQ(alice_->code_of("skills", {{"op", "search"}, {"query", ""}}), "too_large");
  json body{{"op", "list"}, {"limit", 300}};
  std::size_t seen = 0;
  for (json page = alice_->result_of("skills", body);; page = alice_->result_of("skills", body)) {
    EXPECT_EQ(page.at("total"), devices * skills_each);
    EXPECT_LE(page.at("skills").size(), 300u);
    seen += page.at("skills").size();
    if (!page.contains("next_cursor")) break;
    body["cursor"] = page.at("next_cursor");
  }
  EXPECT_EQ(seen, devices * skills_each);
}

TEST_F(SkillPages, TheWebDoorPutsThemTogether) {
  const json listed = json_of("/api/v1/skills");
  EXPECT_EQ(listed.at("skills").size(), devices * skills_each);
  EXPECT_EQ(listed.at("total"), devices * skills_each);
  EXPECT_FALSE(listed.contains("next_cursor"));
  EXPECT_EQ(json_of("/api/v1/skills/search?query=turn").at("results").size(), devices * skills_each);
  EXPECT_EQ(json_of("/skills").at("skills").size(), devices * skills_each) << "the Spoke API";
  EXPECT_EQ(json_of("/skills/search?query=turn").at("results").size(), devices * skills_each);
  EXPECT_EQ(json_of("/api/devices").size(), devices);
}

TEST_F(SkillPages, TheWebDoorGivesOnePageWhereOneIsAskedFor) {
  const json first = json_of("/api/v1/skills?limit=10");
  EXPECT_EQ(first.at("skills").size(), 10u);
  const json second = json_of("/api/v1/skills?limit=10&cursor=" + first.at("next_cursor").get<std::string>());
  EXPECT_EQ(second.at("skills").at(0).at("function_name"), "turn_10");
  EXPECT_EQ(get("/api/v1/skills?limit=0").status, 400);
  EXPECT_EQ(get("/api/v1/skills?cursor=nonsense!").status, 400);
  EXPECT_EQ(get("/api/v1/skills?limit=ten").status, 400);
}

TEST_F(SkillPages, StrawberryctlShowsAllOfThem) {
  const auto shown = strawberryctl({"--json", "skills", "--user", "alice"});
  ASSERT_EQ(shown.code, 0) << shown.output.substr(0, 500);
  const json whole = json::parse(shown.output);
  EXPECT_EQ(whole.at("results").size(), devices * skills_each);
  EXPECT_EQ(whole.at("total"), devices * skills_each);
  EXPECT_FALSE(whole.contains("next_cursor"));
  const auto table = strawberryctl({"skills", "--user", "alice", "turn_399"});
  EXPECT_EQ(count_lines(table.output), devices + 1u) << table.output;
}

}  // namespace
}  // namespace strawberry::test
