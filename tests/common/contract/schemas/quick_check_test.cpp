// The quick check accepts most valid requests, and none that the validator refuses.
#include "common/contract/schemas/quick_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "common/contract/schemas/precheck.h"

namespace strawberry {
namespace {

using nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;
namespace fs = std::filesystem;

json read_json(const fs::path& file) {
  std::ifstream stream(file);
  return json::parse(stream);
}

/// RequestSchemas' handling of a document that the quick check does not accept.
class Full {
 public:
  explicit Full(const json& schema) : precheck_(Precheck::of_schema(schema)) {
    valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(Adapter(schema), compiled_);
  }
  bool accepts(const json& document) {
    return !precheck_.find(document) && validator_.validate(compiled_, Adapter(document), nullptr);
  }

 private:
  Precheck precheck_;
  valijson::Schema compiled_;
  valijson::Validator validator_{valijson::Validator::kStrongTypes};
};

bool quickly(const json& schema, const json& value) { return QuickCheck::of_schema(schema).accepts(value); }

TEST(QuickCheck, KnowsTheKeywords) {
  const std::vector<std::tuple<json, json, json>> cases = {
      // schema, accepted, not accepted
      {{{"type", "string"}}, "a", 1},
      {{{"type", {"string", "null"}}}, nullptr, 1},
      {{{"type", "integer"}}, -1, 1.5},
      {{{"type", "number"}}, 1.5, "1"},
      {{{"type", "boolean"}}, true, 0},
      {{{"const", 1}}, 1, 2},
      {{{"const", 1}}, 1, 1.0},
      {{{"enum", {"a", "b"}}}, "b", "c"},
      {{{"minLength", 1}}, "a", ""},
      {{{"maxLength", 2}}, "ab", "abc"},
      {{{"maxLength", 9}}, "ab", std::string("a\0b", 3)},
      {{{"minimum", 1}}, 1, 0},
      {{{"maximum", 5}}, 5, 6},
      {{{"minimum", 0}}, 0, -1},
      {{{"maximum", 5}}, -5, std::uint64_t{1} << 63U},
      {{{"minItems", 1}}, json::array({1}), json::array()},
      {{{"maxItems", 1}}, json::array({1}), json::array({1, 2})},
      {{{"maxProperties", 1}}, {{"a", 1}}, {{"a", 1}, {"b", 2}}},
      {{{"items", {{"type", "string"}}}}, json::array({"a"}), json::array({"a", 1})},
      {{{"required", {"a"}}}, {{"a", 1}}, {{"b", 1}}},
      {{{"properties", {{"a", {{"type", "string"}}}}}}, {{"a", "b"}, {"c", 1}}, {{"a", 1}}},
      {{{"properties", {{"a", json::object()}}}, {"additionalProperties", false}}, {{"a", 1}}, {{"a", 1}, {"b", 1}}},
  };
  for (const auto& [schema, good, bad] : cases) {
    EXPECT_TRUE(quickly(schema, good)) << schema << good;
    EXPECT_FALSE(quickly(schema, bad)) << schema << bad;
  }
}

TEST(QuickCheck, LeavesWhatItDoesNotKnowToTheValidator) {
  EXPECT_FALSE(quickly({{"pattern", "a"}}, "a"));
  EXPECT_FALSE(quickly({{"minLength", 2}}, "\u00e4\u00e4")) << "it may be one character of four bytes";
  EXPECT_FALSE(quickly(true, "a"));
  EXPECT_FALSE(quickly({{"additionalProperties", {{"type", "string"}}}}, {{"a", "a"}}));
  const json within = {{"properties", {{"a", {{"pattern", "a"}}}}}};
  EXPECT_FALSE(quickly(within, {{"a", "a"}}));
  EXPECT_TRUE(quickly(within, {{"b", "a"}})) << "only where it matters";
}

TEST(QuickCheck, AcceptsTheRequestsThatComeMost) {
  const fs::path examples = fs::path(SCHEMAS_DIR) / "examples";
  for (const char* name : {"skills/call", "skills/heartbeat", "skills/search", "chat/complete"}) {
    const auto schema = read_json(fs::path(SCHEMAS_DIR) / (std::string(name) + ".json"));
    EXPECT_TRUE(quickly(schema, read_json(examples / (std::string(name) + ".json")))) << name;
  }
}

/// Changes one place of a document to something else.
void disturb(json& value, std::mt19937& random) {
  static const std::vector<json> strangers = {nullptr,
                                              true,
                                              0,
                                              1,
                                              -1,
                                              2,
                                              120'001,
                                              std::uint64_t{1} << 63U,
                                              1.0,
                                              1.5,
                                              "",
                                              "a",
                                              "call",
                                              std::string(65, 'x'),
                                              std::string(129, 'x'),
                                              std::string(600, 'x'),
                                              std::string("a\0b", 3),
                                              "\u00e4\u00f6\u00fc",
                                              std::string(40, '\n'),
                                              json::array(),
                                              json::object(),
                                              json::array({nullptr, 1, "x"}),
                                              json::array({json::object({{"class_name", "A"}})}),
                                              {{"a", 1}}};
  const auto pick = [&](std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random); };
  if (value.is_structured() && !value.empty() && pick(4) != 0) {
    auto at = value.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(pick(value.size())));
    if (value.is_object() && pick(8) == 0) {
      value.erase(at);
    } else {
      disturb(*at, random);
    }
  } else if (value.is_object() && pick(3) == 0) {
    value[pick(2) == 0 ? "metadata" : "stranger"] = strangers[pick(strangers.size())];
  } else if (value.is_array() && pick(3) == 0) {
    for (std::size_t i = pick(40); i > 0; --i) value.push_back(strangers[pick(strangers.size())]);
  } else {
    value = strangers[pick(strangers.size())];
  }
}

TEST(QuickCheck, AcceptsNothingThatTheValidatorRefuses) {
  std::mt19937 random(12);
  std::size_t accepted = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(SCHEMAS_DIR) / "examples")) {
    if (entry.path().extension() != ".json") continue;
    const auto name = fs::relative(entry.path(), fs::path(SCHEMAS_DIR) / "examples").replace_extension().string();
    const auto file = fs::path(SCHEMAS_DIR) / (name.substr(0, name.find('@')) + ".json");
    if (!fs::exists(file)) continue;
    const auto schema = read_json(file);
    const auto quick = QuickCheck::of_schema(schema);
    Full full(schema);
    for (int round = 0; round < 200; ++round) {
      json document = read_json(entry.path());
      for (int changes = round % 4; changes > 0; --changes) disturb(document, random);
      if (!quick.accepts(document)) continue;
      ++accepted;
      ASSERT_TRUE(full.accepts(document)) << name << ": " << document;
    }
  }
  EXPECT_GT(accepted, 2'000U);
}

}  // namespace
}  // namespace strawberry
