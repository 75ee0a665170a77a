#include "common/contract/signature.h"

#include <gtest/gtest.h>

#include <fstream>

namespace strawberry {
namespace {

using nlohmann::json;

TEST(Signature, ReadsNamesTypesAndDefaults) {
  const auto signature = parse_signature("play_song(name: str, volume: int = 50) -> bool");
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_EQ(signature->function_name, "play_song");
  EXPECT_EQ(signature->return_annotation, "bool");
  ASSERT_EQ(signature->parameters.size(), 2U);
  EXPECT_EQ(signature->parameters[0].name, "name");
  EXPECT_EQ(signature->parameters[0].annotation, "str");
  EXPECT_TRUE(signature->parameters[0].is_required());
  EXPECT_EQ(signature->parameters[1].default_value, "50");
  EXPECT_FALSE(signature->parameters[1].is_required());
}

/// The file that check_signatures.py also compares with Python.
json corpus() {
  std::ifstream file(SIGNATURES_FILE);
  return json::parse(file);
}

TEST(Signature, IsReadAsPythonReadsIt) {
  const json entries = corpus();
  ASSERT_GT(entries.size(), 200U);
  for (const auto& entry : entries) {
    const auto text = entry.at("signature").get<std::string>();
    const auto signature = parse_signature(text);
    if (!entry.at("accepted").get<bool>()) {
      EXPECT_FALSE(signature) << text;
      EXPECT_TRUE(signature || !signature.error().message.empty()) << text;
    } else if (!signature) {
      ADD_FAILURE() << text << ": " << signature.error().message;
    } else {
      EXPECT_EQ(parameters_schema(*signature).dump(), entry.at("schema").dump()) << text;
    }
  }
}

TEST(Signature, EveryBeginningOfOneIsReadOrRefused) {
  for (const auto& entry : corpus()) {
    const auto text = entry.at("signature").get<std::string>();
    for (std::size_t bytes = 0; bytes <= text.size(); ++bytes) {
      const auto signature = parse_signature(text.substr(0, bytes));
      if (signature) parameters_schema(*signature);
    }
  }
}

TEST(Signature, WhatIsNoTextIsRefused) {
  for (const auto* text : {"\xff()", "f(\xc3)", "f(a\xe2\x82=1)", "f()\n", "f(a: str = '\x01')"})
    EXPECT_FALSE(parse_signature(text)) << text;
}

TEST(Signature, KeepsAnnotationsAndDefaultsAsTheyAreWritten) {
  const auto signature = parse_signature("größe( ﬁ : list [ int ]= [ 1 ,2 ] , *b : *Ts ) ->  dict[ str,int ]  ");
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_EQ(signature->function_name, "größe");
  EXPECT_EQ(signature->return_annotation, "dict[ str,int ]");
  EXPECT_EQ(signature->parameters.at(0).name, "fi") << "as Python keeps it";
  EXPECT_EQ(signature->parameters[0].annotation, "list [ int ]");
  EXPECT_EQ(signature->parameters[0].default_value, "[ 1 ,2 ]");
  EXPECT_EQ(signature->parameters.at(1).annotation, "*Ts");
}

TEST(Signature, LongChainsAreNoTrouble) {
  const auto many = [](const std::string& part, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += part;
    return text;
  };
  for (const auto& part : {"not ", "-", "~", "lambda: ", "1 if x else ", "2 ** ", "(", "[", "{", "x[", "f(", "'a' "})
    EXPECT_NO_THROW((void)parse_signature("f(a=" + many(part, 250) + "1)")) << part;
  EXPECT_TRUE(parse_signature("f(a=" + many("1 + ", 400) + "1)"));
  EXPECT_TRUE(parse_signature("f(a=x" + many("[0]", 400) + ")"));
  EXPECT_TRUE(parse_signature("f(a: " + many("int | ", 300) + "None)"));
}

TEST(Signature, IsBounded) {
  EXPECT_FALSE(parse_signature("f(" + std::string(signature_bytes_max, 'a') + ")"));
  const auto with_parameters = [](std::size_t count) {
    std::string text = "f(";
    for (std::size_t i = 0; i < count; ++i) text += "p" + std::to_string(i) + ", ";
    return text + ")";
  };
  EXPECT_TRUE(parse_signature(with_parameters(parameters_max)));
  EXPECT_FALSE(parse_signature(with_parameters(parameters_max + 1)));
  EXPECT_TRUE(parse_signature("f(a: " + std::string(16, '[') + std::string(16, ']') + ")"));
  EXPECT_FALSE(parse_signature("f(a: " + std::string(17, '[') + std::string(17, ']') + ")"));
}

struct TypeCase {
  const char* annotation;
  const char* schema;
};
class ParameterType : public testing::TestWithParam<TypeCase> {};
TEST_P(ParameterType, BecomesJsonSchema) {
  const auto signature = parse_signature(std::string("f(a: ") + GetParam().annotation + ")");
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_EQ(parameters_schema(*signature).at("properties").at("a"), json::parse(GetParam().schema))
      << GetParam().annotation;
}
INSTANTIATE_TEST_SUITE_P(
    Signature, ParameterType,
    testing::Values(TypeCase{"str", R"({"type":"string"})"}, TypeCase{"int", R"({"type":"integer"})"},
                    TypeCase{"float", R"({"type":"number"})"}, TypeCase{"bool", R"({"type":"boolean"})"},
                    TypeCase{"list", R"({"type":"array"})"}, TypeCase{"dict", R"({"type":"object"})"},
                    TypeCase{"list[int]", R"({"type":"array","items":{"type":"integer"}})"},
                    TypeCase{"typing.List[str]", R"({"type":"array","items":{"type":"string"}})"},
                    TypeCase{"dict[str, int]", R"({"type":"object","additionalProperties":{"type":"integer"}})"},
                    TypeCase{"Optional[int]", R"({"anyOf":[{"type":"integer"},{"type":"null"}]})"},
                    TypeCase{"int | None", R"({"anyOf":[{"type":"integer"},{"type":"null"}]})"},
                    TypeCase{"Union[int, str]", R"({"anyOf":[{"type":"integer"},{"type":"string"}]})"},
                    TypeCase{"Literal['on', 'off', 3]", R"({"enum":["on","off",3]})"},
                    TypeCase{"'int'", R"({"type":"integer"})"}, TypeCase{"Song", "{}"},
                    TypeCase{"list[Song]", R"({"type":"array","items":{}})"}));

TEST(Signature, SchemaSaysWhatIsRequiredAndWhatElseIsAllowed) {
  const auto schema = parameters_schema(*parse_signature("f(a: int, b: str = 'x', *rest: float, c=None, **more)"));
  EXPECT_EQ(schema.at("required"), json::parse(R"(["a"])"));
  EXPECT_EQ(schema.at("properties").at("b").at("default"), "x");
  EXPECT_EQ(schema.at("properties").at("rest"), json::parse(R"({"type":"array","items":{"type":"number"}})"));
  EXPECT_TRUE(schema.at("properties").at("c").at("default").is_null());
  EXPECT_EQ(schema.at("additionalProperties"), true);
  EXPECT_FALSE(schema.at("properties").contains("more"));
  EXPECT_EQ(parameters_schema(*parse_signature("f(a)")).at("additionalProperties"), false);
}

}  // namespace
}  // namespace strawberry
