#include "tests/support/contract_schemas.h"

#include <filesystem>
#include <fstream>
#include <regex>
#include <stdexcept>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace strawberry::test {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;
const fs::path schemas_dir = STRAWBERRY_SOURCE_DIR "/schemas";

/// Allows no undescribed members, at every depth.
void close(json& schema) {
  if (schema.is_object() && schema.contains("properties") && !schema.contains("additionalProperties")) {
    schema["additionalProperties"] = false;
  }
  if (!schema.is_structured()) return;
  for (auto& part : schema) close(part);
}

}  // namespace

std::map<std::string, json> read_json_folder(const std::string& folder) {
  std::map<std::string, json> files;
  const auto top = schemas_dir / folder;
  for (const auto& entry : fs::recursive_directory_iterator(top)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream stream(entry.path());
    files[fs::relative(entry.path(), top).replace_extension().string()] = json::parse(stream);
  }
  return files;
}

ContractSchemas::ContractSchemas() : closed_(read_json_folder("")) {
  std::erase_if(closed_, [](const auto& file) { return file.first.rfind("examples/", 0) == 0; });
  for (auto& [name, schema] : closed_) close(schema);
}

std::string ContractSchemas::complaints(const std::string& schema, const json& document) const {
  const auto found = closed_.find(schema);
  if (found == closed_.end()) throw std::runtime_error("there is no schema " + schema);
  valijson::Schema compiled;
  const valijson::adapters::NlohmannJsonAdapter source(found->second);
  valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(source, compiled);
  const valijson::adapters::NlohmannJsonAdapter target(document);
  valijson::ValidationResults results;
  if (valijson::Validator(valijson::Validator::kStrongTypes).validate(compiled, target, &results)) return "";
  std::string text = schema + " does not describe " + document.dump() + "\n";
  for (const auto& error : results) {
    for (const auto& step : error.context) text += step;
    text += ": " + error.description + "\n";
  }
  return text;
}

std::vector<std::string> asyncapi_addresses() {
  std::ifstream stream(schemas_dir / "asyncapi.yaml");
  std::vector<std::string> addresses;
  for (std::string line; std::getline(stream, line);) {
    constexpr std::string_view key = "    address: ";
    if (line.rfind(key, 0) == 0) addresses.push_back(line.substr(key.size()));
  }
  return addresses;
}

bool has_address(const std::string& topic, const std::string& address) {
  auto pattern = std::regex_replace(address, std::regex(R"(\{[a-z_]+\})"), "[A-Za-z0-9_-]{1,64}");
  if (address.ends_with("/response")) pattern += "(/.+)?";
  return std::regex_match(topic, std::regex(pattern));
}

}  // namespace strawberry::test
