// Every example in schemas/examples/ against its schema, and every schema against its examples.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "common/contract/schemas/request_schemas.h"

namespace strawberry {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

json read_json(const fs::path& file) {
  std::ifstream stream(file);
  return json::parse(stream);
}

/// Files below `folder` by name without `.json`, leaving out what is below `without`.
std::map<std::string, json> read_folder(const fs::path& folder, const std::string& without = "") {
  std::map<std::string, json> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = fs::relative(entry.path(), folder).replace_extension().string();
    if (!without.empty() && name.rfind(without, 0) == 0) continue;
    files[name] = read_json(entry.path());
  }
  return files;
}

const fs::path schemas_dir = SCHEMAS_DIR;
const std::map<std::string, json>& schemas() {
  static const auto files = [] {
    auto all = read_folder(schemas_dir, "examples/");
    all.erase("openapi");  // a document about them
    return all;
  }();
  return files;
}
const std::map<std::string, json>& examples() {
  static const auto files = read_folder(schemas_dir / "examples", "invalid/");
  return files;
}

bool is_valid(const json& schema, const json& document) {
  valijson::Schema compiled;
  const valijson::adapters::NlohmannJsonAdapter source(schema);
  valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(source, compiled);
  const valijson::adapters::NlohmannJsonAdapter target(document);
  return valijson::Validator().validate(compiled, target, nullptr);
}

/// `skills/call@without-op` is an example of `skills/call`.
std::string schema_of(const std::string& example) { return example.substr(0, example.find('@')); }

TEST(Examples, EveryExampleIsValid) {
  ASSERT_GT(examples().size(), 50U);
  for (const auto& [name, document] : examples()) {
    ASSERT_TRUE(schemas().contains(schema_of(name))) << name << " is an example of no schema";
    EXPECT_TRUE(is_valid(schemas().at(schema_of(name)), document)) << name;
  }
}

TEST(Examples, EverySchemaHasAnExample) {
  std::set<std::string> shown;
  for (const auto& [name, document] : examples()) shown.insert(schema_of(name));
  for (const auto& [name, schema] : schemas()) EXPECT_TRUE(shown.contains(name)) << name;
}

TEST(Examples, EverySchemaNamesItselfAndSaysWhatItIsFor) {
  for (const auto& [name, schema] : schemas()) {
    EXPECT_EQ(schema.value("$schema", ""), "http://json-schema.org/draft-07/schema#") << name;
    EXPECT_EQ(schema.value("$id", ""), "urn:strawberry-hub:schema:1:" + name);
    EXPECT_FALSE(schema.value("title", "").empty()) << name;
  }
}

TEST(Examples, AsyncApiRefersToEveryMessage) {
  std::ifstream stream(schemas_dir / "asyncapi.yaml");
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  for (const auto& [name, schema] : schemas()) {
    if (name == "error" || name == "envelope.request") continue;  // parts of messages
    EXPECT_NE(text.find("./" + name + ".json"), std::string::npos) << name;
  }
}

TEST(Examples, EveryMemberOfARequestIsDescribed) {
  const RequestSchemas requests = RequestSchemas::load();
  for (const Service service : {Service::skills, Service::chat, Service::sessions, Service::devices}) {
    for (const std::string& op : requests.ops(service)) {
      const std::string name = std::string(to_string(service)) + "/" + op;
      for (const auto& [member, schema] : schemas().at(name).at("properties").items()) {
        EXPECT_FALSE(schema.value("description", "").empty()) << name << " " << member;
      }
    }
  }
}

TEST(Examples, EveryOperationDescribesItsResult) {
  const RequestSchemas requests = RequestSchemas::load();
  for (const Service service : {Service::skills, Service::chat, Service::sessions, Service::devices}) {
    for (const std::string& op : requests.ops(service)) {
      EXPECT_TRUE(schemas().contains(std::string(to_string(service)) + "/" + op + ".result")) << op;
    }
  }
}

TEST(Examples, ErrorCodesAreThoseOfTheProgram) {
  std::set<std::string> known;
  for (const ErrorCode code : error_codes_all) known.emplace(to_string(code));
  const auto check = [&known](const json& codes) { EXPECT_EQ(codes.get<std::set<std::string>>(), known); };
  check(schemas().at("error").at("properties").at("code").at("enum"));
  check(schemas().at("envelope.response")["oneOf"][1]["properties"]["error"]["properties"]["code"]["enum"]);
}

TEST(Examples, AnErrorIsTheSameWhereverItStands) {
  const auto& error = schemas().at("error").at("properties");
  EXPECT_EQ(schemas().at("envelope.response")["oneOf"][1]["properties"]["error"]["properties"], error);
  EXPECT_EQ(schemas().at("chat/tool_result.event")["properties"]["data"]["properties"]["error"]["properties"], error);
}

TEST(Examples, ErrorsOfTheProgramFitTheirSchema) {
  for (const ErrorCode code : error_codes_all) {
    EXPECT_TRUE(is_valid(schemas().at("error"), to_json(Error{code, "A sentence.", nullptr})));
    EXPECT_TRUE(is_valid(schemas().at("error"), to_json(Error{code, "A sentence.", json{{"path", "/a"}}})));
  }
}

TEST(Examples, EveryInvalidRequestIsRefusedAtItsPlace) {
  const RequestSchemas requests = RequestSchemas::load();
  const auto files = read_folder(schemas_dir / "examples" / "invalid");
  std::set<std::string> shown;
  for (const auto& [name, example] : files) {
    const auto slash = name.find('/');
    const auto service = parse_service(name.substr(0, slash));
    ASSERT_TRUE(service) << name;
    const std::string op = name.substr(slash + 1, name.find('.') - slash - 1);
    shown.insert(name.substr(0, name.find('.')));
    const auto error = requests.check(*service, op, example.at("request"));
    ASSERT_TRUE(error) << name << " was accepted";
    EXPECT_EQ(error->code, ErrorCode::bad_request) << name;
    EXPECT_EQ(error->details.at("path").get<std::string>(), example.at("path").get<std::string>()) << name;
    EXPECT_EQ(error->message.rfind(example.at("path").get<std::string>(), 0), 0U) << error->message;
    EXPECT_EQ(error->message.back(), '.') << error->message;
  }
  for (const Service service : {Service::skills, Service::chat, Service::sessions, Service::devices}) {
    for (const std::string& op : requests.ops(service)) {
      EXPECT_TRUE(shown.contains(std::string(to_string(service)) + "/" + op)) << op << " has no invalid example";
    }
  }
}

TEST(Examples, EveryValidRequestIsAccepted) {
  const RequestSchemas requests = RequestSchemas::load();
  for (const auto& [name, document] : examples()) {
    const auto slash = name.find('/');
    if (slash == std::string::npos) continue;
    const auto service = parse_service(name.substr(0, slash));
    const std::string op = schema_of(name).substr(slash + 1);
    if (!service || !requests.knows(*service, op)) continue;
    const auto error = requests.check(*service, op, document);
    EXPECT_FALSE(error) << name << ": " << error->message;
  }
}

}  // namespace
}  // namespace strawberry
