#include "cli/spoke/mcp/tool_skill.h"

#include <gmock/gmock.h>

#include "cli/spoke/mcp/json_rpc.h"
#include "cli/spoke/mcp/schema_signature.h"
#include "cli/spoke/mcp/tool_result.h"
#include "common/contract/schemas/argument_schema.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

/// The signature, followed by `+` when the schema says more.
std::string signature_of(const char* schema) {
  const auto read = ArgumentSchema::read(json::parse(schema));
  if (!read) return read.error().message;
  const auto form = signature_of_schema("f", read->document());
  return form.text + (form.says_all ? "" : " +");
}

TEST(SchemaSignature, HasPythonsTypes) {
  EXPECT_EQ(signature_of("{}"), "f()");
  EXPECT_EQ(signature_of(R"({"properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{"type":"number"},)"
                         R"("d":{"type":"boolean"},"e":{}},"required":["a","b","c","d","e"]})"),
            "f(a: str, b: int, c: float, d: bool, e)");
  EXPECT_EQ(signature_of(R"({"properties":{"a":{"type":"array","items":{"type":"string"}},"b":{"type":"array"},)"
                         R"("c":{"type":"object"},"d":{"type":"object","additionalProperties":{"type":"integer"}}},)"
                         R"("required":["a","b","c","d"]})"),
            "f(a: list[str], b: list, c: dict, d: dict[str, int])");
  EXPECT_EQ(signature_of(R"({"properties":{"a":{"type":["string","null"]},"b":{"anyOf":[{"type":"string"},)"
                         R"({"type":"integer"}]}},"required":["a","b"]})"),
            "f(a: str | None, b: str | int)");
}

TEST(SchemaSignature, HasChoicesAndDefaults) {
  EXPECT_EQ(signature_of(R"({"properties":{"by":{"enum":["name","it's",1,true,null],"default":"name"},)"
                         R"("deep":{"type":"boolean","default":false},"to":{"type":"string"},)"
                         R"("x":{"type":"object","default":{"a":[1,null]}}},"required":["to"]})"),
            R"(f(to: str, by: Literal['name', 'it\'s', 1, True, None] = 'name', deep: bool = False, )"
            R"(x: dict = {'a': [1, None]}))");
  EXPECT_EQ(signature_of(R"({"properties":{"head":{"type":"number","description":"first lines"}}})"),
            "f(head: float = None)");
  EXPECT_EQ(signature_of(R"({"properties":{"a":{"enum":["line\nbreak"]}},"required":["a"]})"),
            R"(f(a: Literal['line\x0abreak']))");
}

TEST(SchemaSignature, SaysWhatItCannotSay) {
  EXPECT_EQ(signature_of(R"({"properties":{"a":{"type":"integer","minimum":0}}})"), "f(a: int = None) +");
  EXPECT_EQ(signature_of(R"({"properties":{"a-b":{"type":"string"},"class":{}},"required":["a-b"]})"),
            "f(**arguments) +");
  EXPECT_EQ(signature_of(R"({"properties":{"a":{"type":"object","properties":{"x":{}}}},"required":["a"]})"),
            "f(a: dict) +");
  EXPECT_EQ(signature_of(R"({"properties":{"arguments":{}},"additionalProperties":true})"),
            "f(arguments=None, **arguments_)");
  EXPECT_EQ(signature_of(R"({"properties":{"a":{}},"anyOf":[{"required":["a"]}]})"), "f(a=None) +");
  EXPECT_EQ(signature_of(R"({"required":["there"]})"), "f(there)");
  json wide{{"properties", json::object()}};
  for (int i = 0; i < 40; ++i) wide["properties"]["p" + std::to_string(i)] = json::object();
  EXPECT_EQ(signature_of(wide.dump().c_str()), "f(**arguments) +");
}

/// The hub derives from each signature the same as the schema.
TEST(SchemaSignature, IsReadByTheHubAsItWasMeant) {
  constexpr const char* text =
      R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}},)"
      R"("b":{"enum":["x","y"],"default":"x"}},"required":["a"],"additionalProperties":false})";
  const auto form = signature_of_schema("f", ArgumentSchema::read(json::parse(text))->document());
  ASSERT_TRUE(form.says_all);
  EXPECT_EQ(parameters_schema(parse_signature(form.text).value()), json::parse(text));
}

json tool(const std::string& name, const json& schema = json::object(), const json& annotations = nullptr) {
  json made{{"name", name}, {"description", "Does it."}, {"inputSchema", schema}};
  if (!annotations.is_null()) made["annotations"] = annotations;
  return made;
}

TEST(ToolSkills, AreNamedAsPythonNames) {
  const auto made = skills_of_tools({tool("read_file"), tool("read-file"), tool("read.file"), tool("class"),
                                     tool("2nd"), tool("größe messen"), json(7), tool("read_file"), json::object()},
                                    "Files", ConfirmTools::never);
  std::vector<std::string> names;
  for (const auto& skill : made.skills) names.push_back(skill.path() + "<" + skill.tool_name);
  EXPECT_THAT(names,
              ElementsAre("Files.read_file<read_file", "Files.read_file_2<read-file", "Files.read_file_3<read.file",
                          "Files.class_<class", "Files._2nd<2nd", "Files.gro_e_messen<größe messen"));
  EXPECT_EQ(made.remarks.size(), 3u);
}

TEST(ToolSkills, HaveAClassNamedAfterTheServer) {
  EXPECT_EQ(class_name_of_server("secure-filesystem-server"), "SecureFilesystemServer");
  EXPECT_EQ(class_name_of_server("mcp-servers/everything"), "Everything");
  EXPECT_EQ(class_name_of_server("GitHub"), "GitHub");
  EXPECT_EQ(class_name_of_server("1password"), "_1password");
  EXPECT_EQ(class_name_of_server(""), "McpServer");
  EXPECT_EQ(class_name_of_server("💥"), "McpServer");
  EXPECT_EQ(class_name_of_server("none/"), "None_");
}

TEST(ToolSkills, AskFirstAsTheOptionSays) {
  const std::vector<json> tools = {tool("reads", {}, {{"readOnlyHint", true}, {"destructiveHint", true}}),
                                   tool("deletes", {}, {{"destructiveHint", true}}),
                                   tool("adds", {}, {{"destructiveHint", false}}), tool("silent"),
                                   tool("odd", {}, {{"destructiveHint", "yes"}})};
  const auto asked = [&](ConfirmTools confirm) {
    std::string names;
    for (const auto& skill : skills_of_tools(tools, "C", confirm).skills)
      if (skill.confirm) names += skill.tool_name + " ";
    return names;
  };
  EXPECT_EQ(asked(ConfirmTools::never), "");
  EXPECT_EQ(asked(ConfirmTools::destructive), "deletes ");
  EXPECT_EQ(asked(ConfirmTools::writing), "deletes adds silent odd ");
}

TEST(ToolSkills, TellWhatTheirArgumentsMean) {
  const auto made = skills_of_tools(
      {tool("f", json::parse(
                     R"({"properties":{"path":{"type":"string","description":"Where\nit is."},"n":{"type":"number"},)"
                     R"("a-b":{"type":"boolean"}},"required":["path"]})"))},
      "C", ConfirmTools::never);
  EXPECT_EQ(made.skills.at(0).docstring, "Does it.\n\na-b: boolean\npath: Where it is.\n");
  EXPECT_EQ(made.skills.at(0).signature_text, "f(path: str, n: float = None, **arguments)");
  EXPECT_TRUE(made.skills.at(0).registration().contains("input_schema"));
  const auto quiet = skills_of_tools({json{{"name", "g"}, {"title", "\x1b[31mTitle\x07"}}}, "C", ConfirmTools::never);
  EXPECT_EQ(quiet.skills.at(0).docstring, "[31mTitle");
  EXPECT_FALSE(quiet.skills.at(0).registration().contains("input_schema"));
}

TEST(ToolSkills, GoWithoutASchemaThatTheHubWouldRefuse) {
  const auto made = skills_of_tools({tool("remote", {{"$ref", "http://example.org/"}}), tool("text", "no schema"),
                                     tool("long", {{"description", std::string(20'000, 'x')}})},
                                    "C", ConfirmTools::never);
  ASSERT_EQ(made.skills.size(), 3u);
  EXPECT_EQ(made.remarks.size(), 3u);
  for (const auto& skill : made.skills) {
    EXPECT_THAT(skill.signature_text, HasSubstr("(**arguments)"));
    EXPECT_TRUE(skill.input_schema.is_null());
  }
}

TEST(ToolSkills, FitIntoOneRegistration) {
  std::vector<json> tools;
  for (int i = 0; i < 300; ++i) {
    tools.push_back(tool("t" + std::to_string(i)));
    tools.back()["description"] = std::string(4'000, 'x');
  }
  const auto made = skills_of_tools(tools, "C", ConfirmTools::never);
  json all = json::array();
  for (const auto& skill : made.skills) all.push_back(skill.registration());
  EXPECT_LT(all.dump().size(), 250'000u);
  EXPECT_GT(made.skills.size(), 50u);
  EXPECT_LE(made.remarks.size(), 20u);
  EXPECT_THAT(made.remarks.at(0), HasSubstr("is left out"));
  tools.assign(600, json());
  for (int i = 0; i < 600; ++i) tools[static_cast<std::size_t>(i)] = tool("t" + std::to_string(i));
  EXPECT_EQ(skills_of_tools(tools, "C", ConfirmTools::never).skills.size(), skills_max);
}

TEST(ToolArguments, AreGivenByName) {
  const auto made =
      skills_of_tools({tool("f", json::parse(R"({"properties":{"path":{"type":"string"},"n":{"type":"number"},)"
                                             R"("any":{}},"required":["path"]})"))},
                      "C", ConfirmTools::never);
  const auto given = [&](const char* args, const char* kwargs) {
    const auto bound = tool_arguments(made.skills.at(0), json::parse(args), json::parse(kwargs));
    return bound ? bound->dump() : bound.error().message;
  };
  EXPECT_EQ(given(R"(["/x"])", "{}"), R"({"path":"/x"})");
  EXPECT_EQ(given("null", R"({"path":"/x","n":null,"any":null})"), R"({"any":null,"path":"/x"})")
      << "an optional argument's null is no argument, unless its schema takes null";
  EXPECT_EQ(given(R"(["/x"])", R"({"path":"/y"})"), "the argument path is given twice");
  EXPECT_THAT(given("[1,2,3,4]", "{}"), HasSubstr("at most 3"));
  EXPECT_EQ(given("7", "{}"), "args must be an array");
  EXPECT_EQ(given("[]", "[]"), "kwargs must be an object");
}

std::string result_of(const json& result) {
  const auto made = skill_result(result);
  if (!made) return "failed: " + made.error().message;
  return made->is_string() ? made->get<std::string>() : made->dump();
}

TEST(ToolResult, IsStructuredContentOrText) {
  const json hello{{"type", "text"}, {"text", "hello"}};
  EXPECT_EQ(result_of({{"content", {hello}}}), "hello");
  EXPECT_EQ(result_of({{"content", {hello, hello}}}), "hello\nhello");
  EXPECT_EQ(result_of({{"content", {hello}}, {"structuredContent", {{"a", 1}}}}), R"({"a":1})");
  EXPECT_EQ(result_of({{"content", json::array()}}), "");
  EXPECT_EQ(result_of({{"content", {hello}}, {"isError", true}}), "failed: hello");
  EXPECT_EQ(result_of({{"isError", true}}), "failed: the tool failed and did not say why");
}

TEST(ToolResult, NamesWhatItDoesNotPassOn) {
  EXPECT_EQ(result_of({{"content", {{{"type", "image"}, {"data", std::string(400, 'A')}, {"mimeType", "image/png"}}}}}),
            "[image image/png, 300 bytes: not passed on]");
  EXPECT_EQ(result_of({{"content", {{{"type", "resource"}, {"resource", {{"uri", "x:y"}, {"text", "words"}}}}}}}),
            "words");
  EXPECT_EQ(result_of({{"content", {{{"type", "resource"}, {"resource", {{"uri", "x:y"}, {"blob", "AAAA"}}}}}}}),
            "[resource x:y, 3 bytes: not passed on]");
  EXPECT_EQ(result_of({{"content", {{{"type", "resource_link"}, {"uri", "x:y"}, {"name", "n"}}}}}), "[resource x:y n]");
  EXPECT_EQ(result_of({{"content", {{{"type", "hologram"}}}}}),
            "[content of the unknown type 'hologram': not passed on]");
}

TEST(ToolResult, IsCutAndSaysSo) {
  std::string umlauts;
  while (umlauts.size() < 200'001) umlauts += "ä";
  const std::string cut = result_of({{"content", {{{"type", "text"}, {"text", umlauts}}}}});
  EXPECT_LT(cut.size(), result_bytes_max + 100);
  EXPECT_THAT(cut, testing::EndsWith("\n[cut here: 68930 bytes more]"));
  EXPECT_NO_THROW(static_cast<void>(json(cut).dump())) << "no half character";
  EXPECT_THAT(result_of({{"structuredContent", {{"a", umlauts}}}}), HasSubstr("[cut here: "));
  EXPECT_LT(result_of({{"isError", true}, {"content", {{{"type", "text"}, {"text", umlauts}}}}}).size(), 2'200u);
}

TEST(ToolResult, SurvivesRubbish) {
  for (const json& result : {json(), json(7), json::array(), json{{"content", 7}}, json{{"content", {7, nullptr}}},
                             json{{"content", {{{"type", 7}}}}}, json{{"content", {{{"type", "text"}, {"text", {}}}}}},
                             json{{"content", {{{"type", "resource"}, {"resource", 7}}}}}})
    result_of(result);
  EXPECT_THAT(result_of({{"resultType", "input_required"}}), HasSubstr("more input"));
}

TEST(JsonRpc, ReadsMessagesAndPassesRubbishOver) {
  EXPECT_EQ(read_rpc(R"({"jsonrpc":"2.0","id":1,"result":{}})").at(0).kind, RpcMessage::Kind::answer);
  EXPECT_EQ(read_rpc(R"({"jsonrpc":"2.0","id":1,"error":{}})").at(0).kind, RpcMessage::Kind::failure);
  EXPECT_EQ(read_rpc(R"({"jsonrpc":"2.0","id":"a","method":"ping"})").at(0).kind, RpcMessage::Kind::request);
  EXPECT_EQ(read_rpc(R"({"jsonrpc":"2.0","method":"x"})").at(0).kind, RpcMessage::Kind::notification);
  EXPECT_EQ(read_rpc(R"([{"jsonrpc":"2.0","method":"x"},7,{"jsonrpc":"2.0","method":"y"}])").size(), 2u);
  for (const char* text : {"", "x", "7", "{}", R"({"jsonrpc":"1.0","id":1,"result":1})", R"({"jsonrpc":"2.0","id":1})",
                           R"({"jsonrpc":"2.0","method":7})", R"({"jsonrpc":"2.0","result":1})",
                           R"({"jsonrpc":"2.0","id":1.5,"result":1})"})
    EXPECT_TRUE(read_rpc(text).empty()) << text;
  EXPECT_TRUE(read_rpc(std::string(1000, '[')).empty());
  EXPECT_EQ(words_of_failure({{"code", -32602}, {"message", "no\n\x1b"}}), "no\\n\\x1b (-32602)");
  EXPECT_EQ(words_of_failure(7), "an error without words (0)");
}

}  // namespace
}  // namespace strawberry::cli
