#include "common/contract/argument_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/contract/signature.h"

namespace strawberry {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json schema_of(const std::string& parameter) {
  const auto signature = parse_signature("f(" + parameter + ")");
  EXPECT_TRUE(signature) << parameter;
  return parameters_schema(*signature).at("properties").begin().value();
}

/// Empty when it fits, else the message.
std::string told(const std::string& parameter, const std::string& value) {
  json parsed = json::parse(value);
  const auto fits = check_argument(schema_of(parameter), parsed, "x");
  return fits ? std::string() : fits.error().message;
}

/// What the device is sent.
std::string sent(const std::string& parameter, const std::string& value) {
  json parsed = json::parse(value);
  EXPECT_TRUE(check_argument(schema_of(parameter), parsed, "x")) << parameter << " = " << value;
  return parsed.dump();
}

TEST(ArgumentCheck, AWholeNumberIsSentAsOneWhateverTheDefaultIs) {
  EXPECT_EQ(sent("x: int", "5.0"), "5");
  EXPECT_EQ(sent("x: int = 5", "5.0"), "5") << "the default itself";
  EXPECT_EQ(sent("x: Optional[int] = 5", "5.0"), "5");
  EXPECT_EQ(sent("x: list[int] = [5]", "[5.0]"), "[5]");
  EXPECT_EQ(sent("x: Literal[5, 6]", "5.0"), "5");
  EXPECT_EQ(sent("x: float = 5.0", "5.0"), "5.0");
  EXPECT_EQ(sent("x = 5", "5.0"), "5.0") << "what has no annotation takes anything";
}

TEST(ArgumentCheck, EveryTypeTakesItsOwnValuesOnly) {
  const std::pair<const char*, std::vector<const char*>> fitting[] = {
      {"x: int", {"0", "-7", "5.0", "9007199254740993"}},
      {"x: float", {"0", "1.5", "-2"}},
      {"x: str", {"\"\"", "\"5\""}},
      {"x: bool", {"true", "false"}},
      {"x: None", {"null"}},
      {"x: list", {"[]", "[1,\"a\",null]"}},
      {"x: list[int]", {"[]", "[1,2]"}},
      {"x: List[str]", {"[\"a\"]"}},
      {"x: list[list[int]]", {"[[1],[]]"}},
      {"x: dict", {"{}", "{\"a\":1}"}},
      {"x: dict[str, int]", {"{}", "{\"a\":1}"}},
      {"x: Optional[int]", {"null", "3"}},
      {"x: int | None", {"null", "3"}},
      {"x: Union[int, str]", {"3", "\"a\""}},
      {"x: Literal['on', 'off', 3]", {"\"on\"", "3"}},
      {"x: Optional[list[int]]", {"null", "[1]"}},
      {"x: int = None", {"null", "3"}},
      {"*x: int", {"[1,2]"}},
      {"x", {"1", "\"a\"", "null", "[]", "{}"}},
      {"x: Thing", {"1", "{}"}},
  };
  for (const auto& [parameter, values] : fitting)
    for (const char* value : values) EXPECT_EQ(told(parameter, value), "") << parameter << " = " << value;

  const std::pair<const char*, std::vector<const char*>> wrong[] = {
      {"x: int", {"1.5", "\"5\"", "true", "null", "[1]", "{}", "1e300"}},
      {"x: float", {"\"1.5\"", "false", "null"}},
      {"x: str", {"5", "null", "true", "[]"}},
      {"x: bool", {"0", "1", "\"true\"", "null"}},
      {"x: None", {"0", "false", "\"\""}},
      {"x: list", {"{}", "\"a\"", "1", "null"}},
      {"x: list[int]", {"[1,\"2\"]", "[null]", "{}"}},
      {"x: list[list[int]]", {"[1]", "[[1],[\"a\"]]"}},
      {"x: dict", {"[]", "\"a\"", "null"}},
      {"x: dict[str, int]", {"{\"a\":\"1\"}", "[]"}},
      {"x: Optional[int]", {"\"3\"", "1.5", "false"}},
      {"x: Union[int, str]", {"1.5", "null", "[]"}},
      {"x: Literal['on', 'off', 3]", {"\"ON\"", "\"3\"", "4", "null", "true"}},
      {"x: int = 5", {"null", "\"5\""}},
      {"*x: int", {"[\"1\"]", "1"}},
  };
  for (const auto& [parameter, values] : wrong)
    for (const char* value : values) EXPECT_NE(told(parameter, value), "") << parameter << " = " << value;
}

TEST(ArgumentCheck, SaysWhereAndWhatWasExpected) {
  EXPECT_EQ(told("x: int", "\"5\""), "the argument at /x must be a whole number and is text");
  EXPECT_EQ(told("x: Optional[int]", "[]"), "the argument at /x must be a whole number or null and is an array");
  EXPECT_EQ(told("x: Literal['on', 'off']", "\"up\""), "the argument at /x must be \"on\" or \"off\" and is text");
  EXPECT_EQ(told("x: list[int]", "[1,1.5]"),
            "the argument at /x/1 must be a whole number and is a number with a fraction");
  EXPECT_EQ(told("x: dict[str, bool] | None", R"({"a/b~c":0})"),
            "the argument at /x/a~1b~0c must be true or false and is a whole number");
  json value = {1, {{"k", "v"}}};
  const auto fits = check_argument(schema_of("x: list[dict[str, int] | int]"), value, "x");
  ASSERT_FALSE(fits);
  EXPECT_EQ(fits.error().code, ErrorCode::bad_request);
  EXPECT_EQ(fits.error().details, json({{"path", "/x/1/k"}}));
}

TEST(ArgumentCheck, AWholeNumberIsMadeOneAndNothingElseIsConverted) {
  json value = {5.0, 6};
  ASSERT_TRUE(check_argument(schema_of("x: list[int]"), value, "x"));
  EXPECT_TRUE(value[0].is_number_integer());
  EXPECT_EQ(value.dump(), "[5,6]");
  json number = 5.0;
  ASSERT_TRUE(check_argument(schema_of("x: float"), number, "x"));
  EXPECT_EQ(number.dump(), "5.0");
}

TEST(ArgumentCheck, MessagesAreBoundedAndPrintable) {
  std::string many = "x: Literal[";
  for (int i = 0; i < 150; ++i) many += "'choice" + std::to_string(i) + "',";
  many.back() = ']';
  EXPECT_LT(told(many, "1").size(), 700u);
  json value = {{std::string(100'000, 'k') + "\x1b", 1}};
  const auto fits = check_argument(schema_of("x: dict[str, str]"), value, "x");
  ASSERT_FALSE(fits);
  EXPECT_LT(fits.error().message.size(), 700u);
}

}  // namespace
}  // namespace strawberry
