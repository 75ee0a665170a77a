/// The schemas and examples in schemas/, for tests that check a hub's real messages against them.
///
/// Schemas are open: a client must accept members that it does not know, since the contract grows. These are closed:
/// the hub's messages must be described completely. A schema that is open on purpose states it
/// (`additionalProperties`).
/// Threading: one thread.   Errors: throws when a file is missing or invalid.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace strawberry::test {

class ContractSchemas {
 public:
  ContractSchemas();
  /// Returns the faults of `document`, a line each; empty when it matches `schema` (`skills/list.result`).
  std::string complaints(const std::string& schema, const nlohmann::json& document) const;
  bool has(const std::string& schema) const { return closed_.contains(schema); }

 private:
  std::map<std::string, nlohmann::json> closed_;
};

/// JSON files below schemas/`folder`, by their path there without `.json`.
std::map<std::string, nlohmann::json> read_json_folder(const std::string& folder);

/// The addresses of the channels in schemas/asyncapi.yaml.
std::vector<std::string> asyncapi_addresses();
/// Whether `topic` is the address `skills/{id}/call` for some id. Levels below a response topic belong to it.
bool has_address(const std::string& topic, const std::string& address);

}  // namespace strawberry::test
