#include "bridge/skills/call_arguments.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// The place that does not fit, and empty when all do. `changed`: the arguments as they are sent.
std::string misfit(const std::string& parameters, const char* args, const char* kwargs, json* changed = nullptr) {
  CallShapes shapes;
  const auto shape = shapes.of("f(" + parameters + ")");
  EXPECT_TRUE(shape) << parameters;
  json by_position = json::parse(args);
  json by_name = json::parse(kwargs);
  const auto fits = fit_arguments(*shape, by_position, by_name);
  if (changed) *changed = json{by_position, by_name};
  if (fits) return {};
  EXPECT_EQ(fits.error().code, ErrorCode::bad_request);
  EXPECT_FALSE(fits.error().message.empty());
  return fits.error().details.at("path").get<std::string>();
}

struct Case {
  const char* parameters;
  const char* args;
  const char* kwargs;
  const char* path;  // empty: it fits
};

TEST(CallArguments, AreBoundAsPythonBindsThem) {
  const Case cases[] = {
      {"", "[]", "{}", ""},
      {"", "[1]", "{}", "/args/0"},
      {"", "[]", R"({"a":1})", "/kwargs/a"},
      {"a", "[]", "{}", "/kwargs/a"},
      {"a", "[1]", "{}", ""},
      {"a", "[null]", "{}", ""},
      {"a", "[]", R"({"a":null})", ""},
      {"a", "[1,2]", "{}", "/args/1"},
      {"a", "[1]", R"({"a":2})", "/kwargs/a"},
      {"a, b=2", "[1]", R"({"b":3})", ""},
      {"a, b=2", "[]", R"({"b":3})", "/kwargs/a"},
      {"a, b=2", "[1,2,3]", "{}", "/args/2"},
      {"a, /", "[]", R"({"a":1})", "/kwargs/a"},
      {"a, b, /", "[1]", "{}", "/args/1"},
      {"a, /, **rest", "[1]", R"({"a":2})", ""},
      {"*, a", "[1]", "{}", "/args/0"},
      {"*, a", "[]", "{}", "/kwargs/a"},
      {"*, a", "[]", R"({"a":1})", ""},
      {"*args", "[1,\"a\",null]", "{}", ""},
      {"*args", "[]", R"({"args":[1]})", "/kwargs/args"},
      {"a, *args", "[1,2,3]", "{}", ""},
      {"a, *args", "[1]", R"({"a":1})", "/kwargs/a"},
      {"a, *args: int", "[1,2,\"x\"]", "{}", "/args/2"},
      {"**kwargs", "[]", R"({"anything":{},"kwargs":1})", ""},
      {"**kwargs", "[1]", "{}", "/args/0"},
      {"*args, **kwargs", "[1]", R"({"a":1})", ""},
  };
  for (const Case& each : cases)
    EXPECT_EQ(misfit(each.parameters, each.args, each.kwargs), each.path)
        << each.parameters << " with " << each.args << " " << each.kwargs;
}

TEST(CallArguments, HaveTheTypeThatTheSignatureNames) {
  const Case cases[] = {
      {"a: int", "[1]", "{}", ""},
      {"a: int", "[\"1\"]", "{}", "/args/0"},
      {"a: int", "[1.5]", "{}", "/args/0"},
      {"a: int", "[true]", "{}", "/args/0"},
      {"a: int", "[null]", "{}", "/args/0"},
      {"a: int = None", "[null]", "{}", ""},
      {"a: float", "[1]", "{}", ""},
      {"a: str", "[]", R"({"a":42})", "/kwargs/a"},
      {"a: list[int]", "[[1,\"2\"]]", "{}", "/args/0/1"},
      {"a: dict[str, int]", "[]", R"({"a":{"x/y":"1"}})", "/kwargs/a/x~1y"},
      {"a: Literal['on', 'off']", "[\"of\"]", "{}", "/args/0"},
      {"a: Lamp", "[{}]", "{}", ""},
      {"a", "[{}]", "{}", ""},
      {"*, a: bool = False", "[]", R"({"a":0})", "/kwargs/a"},
  };
  for (const Case& each : cases)
    EXPECT_EQ(misfit(each.parameters, each.args, each.kwargs), each.path)
        << each.parameters << " with " << each.args << " " << each.kwargs;
}

TEST(CallArguments, AWholeNumberWrittenWithAFractionBecomesOne) {
  json changed;
  EXPECT_EQ(misfit("a: int, b: list[int], c: float", "[5.0,[6.0]]", R"({"c":7.0})", &changed), "");
  EXPECT_EQ(changed.dump(), R"([[5,[6]],{"c":7.0}])");
}

TEST(CallShapes, AreRememberedWithinTheirBound) {
  CallShapes shapes;
  const auto first = shapes.of("f(a: int)");
  EXPECT_EQ(shapes.of("f(a: int)"), first);
  EXPECT_EQ(shapes.of("f("), nullptr);
  for (std::size_t n = 0; n < 2 * CallShapes::shapes_max; ++n) shapes.of("f" + std::to_string(n) + "()");
  EXPECT_LE(shapes.size(), CallShapes::shapes_max);
  EXPECT_EQ(first->signature.function_name, "f") << "who has it keeps it";
}

/// As misfit(), of a skill with a schema beside its signature.
std::string misfit_of_schema(const std::string& signature, const char* schema, const char* args, const char* kwargs,
                             json* changed = nullptr) {
  CallShapes shapes;
  const auto shape = shapes.of(signature, schema);
  if (!shape) return "no shape";
  json by_position = json::parse(args);
  json by_name = json::parse(kwargs);
  const auto fits = fit_arguments(*shape, by_position, by_name);
  if (changed) *changed = json{by_position, by_name};
  return fits ? "" : fits.error().details.at("path").get<std::string>();
}

TEST(CallArguments, MustAlsoFitTheSchemaBesideTheSignature) {
  constexpr const char* any = "f(**arguments)";
  constexpr const char* schema =
      R"({"properties":{"from-place":{"type":"string"},"level":{"type":"integer","maximum":5}},"required":["from-place"]})";
  EXPECT_EQ(misfit_of_schema(any, schema, "[]", R"({"from-place":"here"})"), "");
  EXPECT_EQ(misfit_of_schema(any, schema, "[]", R"({})"), "/kwargs/from-place");
  EXPECT_EQ(misfit_of_schema(any, schema, "[]", R"({"from-place":1})"), "/kwargs/from-place");
  EXPECT_EQ(misfit_of_schema(any, schema, "[]", R"({"from-place":"","level":6})"), "/kwargs/level");
  EXPECT_EQ(misfit_of_schema(any, schema, "[1]", R"({"from-place":""})"), "/args/0") << "the signature's business";
}

TEST(CallArguments, ByPositionAreCheckedUnderTheirNames) {
  constexpr const char* schema = R"({"properties":{"a":{"type":"integer","maximum":5},"b":{"maximum":5}}})";
  EXPECT_EQ(misfit_of_schema("f(a, b=1)", schema, "[5, 5]", "{}"), "");
  EXPECT_EQ(misfit_of_schema("f(a, b=1)", schema, "[5, 6]", "{}"), "/args/1");
  EXPECT_EQ(misfit_of_schema("f(a, b=1)", schema, "[6]", R"({"b":6})"), "/args/0");
  json changed;
  EXPECT_EQ(misfit_of_schema("f(a, b=1)", schema, "[5.0]", R"({"b":5.0})", &changed), "");
  EXPECT_EQ(changed.dump(), R"([[5],{"b":5.0}])") << "whole where the schema says integer";
}

TEST(CallShapes, KeepSchemasWithinABoundOfBytes) {
  CallShapes shapes;
  const std::size_t schemas = 3 * CallShapes::schema_bytes_max / 10'000;
  for (std::size_t i = 0; i < schemas; ++i) {
    const json schema{{"description", std::string(10'000, 'x') + std::to_string(i)}};
    ASSERT_TRUE(shapes.of("f(a)", schema.dump()));
    EXPECT_LE(shapes.size(), CallShapes::schema_bytes_max / 10'000 + 1);
  }
  EXPECT_FALSE(shapes.of("f(a)", "{"));
}

}  // namespace
}  // namespace strawberry::bridge
