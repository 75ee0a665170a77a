#include "bridge/skills/input_schema.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// What is stored; `refused at PLACE` when it is not taken.
std::string stored(const std::string& signature, const char* skill) {
  auto read = read_input_schema(json::parse(skill), parse_signature(signature).value(), "/skills/3");
  if (read) return *read;
  EXPECT_EQ(read.error().code, ErrorCode::bad_request);
  return "refused at " + read.error().details.at("path").get<std::string>() + ": " + read.error().message;
}

TEST(InputSchema, IsStoredWithItsReferencesInPlace) {
  EXPECT_EQ(stored("f(**arguments)",
                   R"({"input_schema":{"properties":{"a b":{"$ref":"#/$defs/t"}},"$defs":{"t":{"type":"string"}}}})"),
            R"({"properties":{"a b":{"type":"string"}},"required":[],"type":"object"})");
  EXPECT_EQ(stored("f()", "{}"), "");
  EXPECT_EQ(stored("f()", R"({"input_schema":null})"), "");
}

TEST(InputSchema, HasAPlaceInTheSignatureForEachProperty) {
  EXPECT_EQ(stored("f(a)", R"({"input_schema":{"properties":{"a":{},"b":{}}}})"),
            "refused at /skills/3/input_schema: f: the signature has no parameter b (add it, or **arguments)");
  EXPECT_EQ(stored("f(a)", R"({"input_schema":{"properties":{"a":{}},"required":["c"]}})"),
            "refused at /skills/3/input_schema: f: required names c, which is no parameter");
  EXPECT_EQ(stored("f(*a)", R"({"input_schema":{}})"),
            "refused at /skills/3/input_schema: f: a signature beside a schema has no *args");
  EXPECT_EQ(stored("f(a)", R"({"input_schema":{"$ref":"http://example.org/s"}})"),
            "refused at /skills/3/input_schema: f: the schema at '' refers to another document, http://example.org/s");
}

TEST(InputSchema, IsToldInsteadOfTheSignatures) {
  SkillRow skill{"C", "f", "f(a: int)", "", false, false};
  const auto signature = parse_signature(skill.signature).value();
  EXPECT_EQ(parameters_of(skill, signature), parameters_schema(signature));
  skill.input_schema = R"({"type":"object","properties":{"a":{"type":"integer","minimum":1}},"anyOf":[{}]})";
  EXPECT_EQ(parameters_of(skill, signature), json::parse(skill.input_schema));
  EXPECT_EQ(parameters_for_models(skill, signature),
            json::parse(R"({"type":"object","properties":{"a":{"type":"integer","minimum":1}}})"));
}

}  // namespace
}  // namespace strawberry::bridge
