#include "bridge/skills/signature.h"

#include <gtest/gtest.h>

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

class AcceptedSignature : public testing::TestWithParam<const char*> {};
TEST_P(AcceptedSignature, Parses) {
  const auto signature = parse_signature(GetParam());
  EXPECT_TRUE(signature) << signature.error().message;
}
INSTANTIATE_TEST_SUITE_P(Signature, AcceptedSignature,
                         testing::Values("f()", "f( )", "f(a)", "f(a,)", " f ( a : int ) -> None ", "f(a, /, b)",
                                         "f(*, a)", "f(*args, **kwargs)", "f(a, *args: int, b: str = 'x', **kw)",
                                         "f(a: dict[str, list[int]] = {}) -> Optional[tuple[int, ...]]",
                                         "f(a: str = 'a, b) -> c')", "f(a: Literal['x,', \"y)\"] = 'x,')",
                                         "f(a: str = \"it\\\"s\")", "f(a: Callable[[int], str] = lambda_)",
                                         "_f1(_a1: int | None = None)"));

class RefusedSignature : public testing::TestWithParam<const char*> {};
TEST_P(RefusedSignature, SaysWhatWasExpected) {
  const auto signature = parse_signature(GetParam());
  ASSERT_FALSE(signature);
  EXPECT_NE(signature.error().message, "");
}
INSTANTIATE_TEST_SUITE_P(Signature, RefusedSignature,
                         testing::Values("", "f", "f(", "f)", "f(a", "f(a:)", "f(a=)", "f(a b)", "f(a,,b)", "f(,)",
                                         "f(1a)", "1f()", "f(a, a)", "f(a=1, b)", "f(**kw, a)", "f(*, *)", "f(*)",
                                         "f(/)", "f(a: list[int)", "f(a: str = ')", "f() ->", "f() x", "f()\n",
                                         "f(a: [)", "f(a: (])", "def f()", "f(*a=1)", "f(a, /, b, /)", "\xff()"));

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
