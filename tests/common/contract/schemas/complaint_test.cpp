#include "common/contract/schemas/complaint.h"

#include <gtest/gtest.h>

namespace strawberry {
namespace {

using nlohmann::json;

TEST(Complaint, PointerOfTheRootIsEmpty) { EXPECT_EQ(json_pointer({}), ""); }

TEST(Complaint, PointerEscapesTildeAndSlash) { EXPECT_EQ(json_pointer({"a/b", "c~d", "0"}), "/a~1b/c~0d/0"); }

TEST(Complaint, ExpectationIsANounWithItsBounds) {
  EXPECT_EQ(describe_expected(json::parse(R"({"type":"integer","minimum":1,"maximum":100})")),
            "an integer from 1 to 100");
  EXPECT_EQ(describe_expected(json::parse(R"({"type":"string","minLength":1,"maxLength":8})")),
            "a string of 1 to 8 characters");
  EXPECT_EQ(describe_expected(json::parse(R"({"type":"array","maxItems":32})")), "an array of at most 32 items");
  EXPECT_EQ(describe_expected(json::parse(R"({"type":"boolean"})")), "true or false");
  EXPECT_EQ(describe_expected(json::parse(R"({"type":["string","null"]})")), "a string or null");
  EXPECT_EQ(describe_expected(json::parse(R"({"enum":["a","b","c"]})")), R"("a", "b" or "c")");
  EXPECT_EQ(describe_expected(json::parse(R"({"const":1})")), "1");
  EXPECT_EQ(describe_expected(json::parse(R"({"anyOf":[]})")), "something else");
}

TEST(Complaint, LongValuesAreNotRepeated) {
  EXPECT_EQ(describe_value(json(std::string(5000, 'x'))), "a string of 5000 bytes");
  EXPECT_EQ(describe_value(json("short")), R"("short")");
  EXPECT_EQ(describe_value(json::array({1, 2})), "an array of 2");
}

TEST(Complaint, ControlCharactersOfTheSenderAreEscaped) {
  EXPECT_EQ(describe_value(json("\x1b[2J\n")), R"("\u001b[2J\n")");
}

TEST(Complaint, MissingMemberIsSaidToBeMissing) {
  const json schema = json::parse(R"({"properties":{"query":{"type":"string","maxLength":512}}})");
  EXPECT_EQ(describe_problem(schema, json::object(), {"query"}),
            "/query is missing: it must be a string of at most 512 characters.");
}

TEST(Complaint, PathThatLeadsNowhereIsNoTrouble) {
  const json document = json::parse(R"({"a":[1]})");
  for (const JsonPath& path : {JsonPath{"a", "7"}, JsonPath{"a", "-1"}, JsonPath{"a", "x"}, JsonPath{"a", "0", "b"}}) {
    EXPECT_NE(describe_problem(json::object(), document, path).find("is missing"), std::string::npos);
  }
}

}  // namespace
}  // namespace strawberry
