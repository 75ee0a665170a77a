#include "common/contract/schemas/argument_schema.h"

#include <gmock/gmock.h>

#include <chrono>

namespace strawberry {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// Returns why the schema is refused; empty when it is accepted.
std::string refusal(const json& schema) {
  const auto read = ArgumentSchema::read(schema);
  return read ? "" : read.error().message;
}
std::string refusal(const char* schema) { return refusal(json::parse(schema)); }

/// Returns the path that does not fit; empty when all fit.
std::string misfit(const char* schema, const char* arguments, std::string* message = nullptr) {
  const auto read = ArgumentSchema::read(json::parse(schema));
  if (!read) return read.error().message;
  json values = json::parse(arguments);
  const auto found = read->check(values);
  if (found && message != nullptr) *message = found->message;
  return !found ? "" : found->path.empty() ? "/" : json_pointer(found->path);
}

TEST(ArgumentSchema, ChecksWhatASignatureCannotSay) {
  constexpr const char* range = R"({"properties":{"level":{"type":"integer","minimum":0,"maximum":100}}})";
  EXPECT_EQ(misfit(range, R"({"level":100})"), "");
  EXPECT_EQ(misfit(range, R"({"level":100.0})"), "");
  std::string message;
  EXPECT_EQ(misfit(range, R"({"level":101})", &message), "/level");
  EXPECT_EQ(message, "the argument at /level must be an integer from 0 to 100, not 101.");

  constexpr const char* nested =
      R"({"properties":{"edits":{"type":"array","items":{"type":"object","properties":{"old":{"type":"string"}},)"
      R"("required":["old"],"additionalProperties":false}}},"required":["edits"]})";
  EXPECT_EQ(misfit(nested, R"({"edits":[{"old":"x"}]})"), "");
  EXPECT_EQ(misfit(nested, R"({"edits":[{"old":"x"},{"old":1}]})"), "/edits/1/old");
  EXPECT_EQ(misfit(nested, R"({"edits":[{"old":"x"},{}]})"), "/edits/1/old");
  EXPECT_EQ(misfit(nested, R"({"edits":[{"old":"","odl":""}]})", &message), "/edits/0/odl");
  EXPECT_EQ(misfit(nested, R"({})"), "/edits");
}

TEST(ArgumentSchema, TakesWordsOfNewerDrafts) {
  constexpr const char* tuple =
      R"({"properties":{"p":{"prefixItems":[{"type":"string"},{"type":"number"}],"items":{"type":"boolean"}}}})";
  EXPECT_EQ(misfit(tuple, R"({"p":["a",1,true]})"), "");
  EXPECT_EQ(misfit(tuple, R"({"p":["a","b"]})"), "/p/1");
  EXPECT_EQ(misfit(tuple, R"({"p":["a",1,1]})"), "/p/2");
  constexpr const char* together = R"({"properties":{"a":{},"b":{}},"dependentRequired":{"a":["b"]}})";
  EXPECT_EQ(misfit(together, R"({"b":1})"), "");
  EXPECT_NE(misfit(together, R"({"a":1})"), "");
}

TEST(ArgumentSchema, PutsReferencesInPlace) {
  const auto read = ArgumentSchema::read(json::parse(
      R"({"properties":{"a":{"$ref":"#/$defs/t","description":"d"},"$ref":{"type":"string"}},)"
      R"("$defs":{"t":{"items":{"$ref":"#/$defs/u"}},"u":{"enum":[{"$ref":"no schema"}]}},"$schema":"x"})"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->document(), json::parse(R"({"type":"object","required":[],"properties":{"$ref":{"type":"string"},)"
                                          R"("a":{"description":"d","items":{"enum":[{"$ref":"no schema"}]}}}})"));
}

TEST(ArgumentSchema, RefusesWhatCannotBeFollowed) {
  EXPECT_THAT(refusal(R"({"properties":{"a":{"$ref":"https://example.org/x"}}})"), HasSubstr("another document"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"$ref":"other.json#/x"}}})"), HasSubstr("another document"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"$ref":"#/$defs/x"}}})"), HasSubstr("refers to nothing"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"$ref":7}}})"), HasSubstr("no text"));
  EXPECT_THAT(refusal(R"({"$ref":"#"})"), HasSubstr("refers to itself"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"items":{"$ref":"#/$defs/x"}}}})"),
              HasSubstr("'/properties/a/items' refers to itself"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"$ref":"#/$defs/x"}},)"
                      R"("$defs":{"x":{"$ref":"#/$defs/y"},"y":{"$ref":"#/$defs/x"}}})"),
              HasSubstr("refers to itself"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"$dynamicRef":"#x"}}})"), HasSubstr("$dynamicRef"));
}

TEST(ArgumentSchema, CutsACircleForWhoWantsThat) {
  const auto tree = json::parse(R"({"properties":{"t":{"$ref":"#/$defs/n"}},)"
                                R"("$defs":{"n":{"type":"object","properties":{"left":{"$ref":"#/$defs/n"}}}}})");
  const auto read = ArgumentSchema::read(tree, AtCycle::admit_anything);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->document().at("properties").at("t").at("properties").at("left"), json::object());
}

TEST(ArgumentSchema, IsBounded) {
  json doubling{{"properties", {{"a", {{"$ref", "#/$defs/d12"}}}}}, {"$defs", {{"d0", {{"type", "string"}}}}}};
  for (int i = 1; i <= 12; ++i) {
    const json lower{{"$ref", "#/$defs/d" + std::to_string(i - 1)}};
    doubling["$defs"]["d" + std::to_string(i)] = {{"allOf", {lower, lower}}};
  }
  const auto started = std::chrono::steady_clock::now();
  EXPECT_THAT(refusal(doubling), HasSubstr("2000 values"));
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(2));

  json deep = json::object();
  for (int i = 0; i < 60; ++i) deep = json{{"items", std::move(deep)}};
  EXPECT_THAT(refusal(json{{"properties", {{"a", deep}}}}), HasSubstr("too deep"));
  EXPECT_THAT(refusal(json{{"description", std::string(20'000, 'x')}}), HasSubstr("16384 bytes"));
  EXPECT_THAT(refusal(json{{"properties", {{"a", {{"pattern", std::string(600, 'a')}}}}}}), HasSubstr("pattern"));
  EXPECT_THAT(refusal(json{{"patternProperties", {{std::string(600, 'a'), true}}}}), HasSubstr("pattern"));
}

TEST(ArgumentSchema, RefusesWhatIsNoSchemaOfArguments) {
  EXPECT_THAT(refusal("[]"), HasSubstr("no schema"));
  EXPECT_THAT(refusal("true"), HasSubstr("must be an object"));
  EXPECT_THAT(refusal(R"({"type":"string"})"), HasSubstr("arguments go by name"));
  EXPECT_THAT(refusal(R"({"properties":[]})"), HasSubstr("properties"));
  EXPECT_THAT(refusal(R"({"required":"a"})"), HasSubstr("required"));
  EXPECT_THAT(refusal(R"({"properties":{"a":7}})"), HasSubstr("no schema"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"minimum":"many"}}})"), HasSubstr("not valid"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"required":true}}})"), HasSubstr("not valid"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"items":{"multipleOf":0}}}})"), HasSubstr("multipleOf"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"multipleOf":-2}}})"), HasSubstr("multipleOf"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"multipleOf":18446744073709551615}}})"), HasSubstr("multipleOf"));
  EXPECT_EQ(refusal(R"({"properties":{"multipleOf":{"multipleOf":0.5}}})"), "");
  EXPECT_FALSE(ArgumentSchema::read_text("{"));
}

TEST(ArgumentSchema, EvaluatesNothingWhoseCostHasNoBound) {
  EXPECT_EQ(
      misfit(R"({"properties":{"a":{"pattern":"^(a+)+$"}}})", R"({"a":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"})"),
      "");
  EXPECT_EQ(misfit(R"({"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})", R"({"xa":1})"), "")
      << "which members a pattern admits is not known";
  const auto wide = ArgumentSchema::read(json::parse(R"({"properties":{"a":{"uniqueItems":true,"items":{"anyOf":[)"
                                                     R"({"type":"string"},{"type":"integer"}]}}}})"));
  ASSERT_TRUE(wide);
  json many{{"a", json::array()}};
  for (int i = 0; i < 100'000; ++i) many["a"].push_back(i % 2);
  const auto started = std::chrono::steady_clock::now();
  const auto found = wide->check(many);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(2));
  ASSERT_TRUE(found);
  EXPECT_THAT(found->message, HasSubstr("too many values"));
}

TEST(ArgumentSchema, DoesNotRepeatTheWordsOfItsOwner) {
  std::string message;
  EXPECT_EQ(misfit(R"({"properties":{"a":{"type":"string","title":"\u001b[31mA"}}})", R"({"a":1})", &message), "/a");
  EXPECT_EQ(message, "the argument at /a must be a string, not 1.");
}

}  // namespace
}  // namespace strawberry
