#include "bridge/llm/gemini_schema.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;

TEST(GeminiSchema, SaysEachSchemaInItsSubset) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"$schema":"x","title":"t","type":"string","format":"uri","description":"d","minLength":1})",
       R"({"type":"string","description":"d","minLength":1})"},
      {R"({"const":"a"})", R"({"type":"string","enum":["a"]})"},
      {R"({"enum":["a","b",null]})", R"({"type":"string","enum":["a","b"],"nullable":true})"},
      {R"({"enum":[1,2],"description":"How many."})", R"({"type":"integer","description":"How many. One of: 1 2."})"},
      {R"({"const":true})", R"({"type":"boolean","description":"One of: true."})"},
      {R"({"type":["string","null"],"description":"d"})", R"({"type":"string","nullable":true,"description":"d"})"},
      {R"({"type":["string","integer"],"description":"d"})",
       R"({"anyOf":[{"type":"string","description":"d"},{"type":"integer","description":"d"}]})"},
      {R"({"anyOf":[{"type":"integer"},{"type":"null"}],"default":3})",
       R"({"type":"integer","nullable":true,"default":3})"},
      {R"({"type":"array","items":{"const":"a"},"uniqueItems":true,"maxItems":4})",
       R"({"type":"array","items":{"type":"string","enum":["a"]},"maxItems":4})"},
      {R"({"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"number"}},
           "additionalProperties":false,"required":[]}},"additionalProperties":false,"required":["a"]})",
       R"({"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"number"}}}},
           "required":["a"]})"},
      {R"({"type":"object","properties":{"const":{"type":"string"},"$schema":{"type":"string"}}})",
       R"({"type":"object","properties":{"const":{"type":"string"},"$schema":{"type":"string"}}})"},
  };
  for (const auto& [given, wanted] : cases) {
    const auto said = gemini_schema(json::parse(given));
    ASSERT_TRUE(said) << given;
    EXPECT_EQ(*said, json::parse(wanted)) << given;
  }
}

TEST(GeminiSchema, SaysNothingWhereTheSubsetHasNoWords) {
  for (const char* given :
       {R"({})", R"(true)", R"({"type":"null"})", R"({"type":"array"})", R"({"type":"array","items":{}})",
        R"({"type":"object"})", R"({"type":"object","properties":{}})", R"({"$ref":"#/$defs/a"})",
        R"({"type":"object","properties":{"a":{"$ref":"#"}}})", R"({"oneOf":[{"type":"string"}]})",
        R"({"enum":[1,"a"]})", R"({"type":["null"]})", R"({"anyOf":[{"type":"string"},{}]})", R"({"type":"file"})"})
    EXPECT_FALSE(gemini_schema(json::parse(given))) << given;
}

}  // namespace
}  // namespace strawberry::bridge
