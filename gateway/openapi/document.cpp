#include "gateway/openapi/document.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "common/contract/error.h"
#include "gateway/http/errors.h"
#include "gateway/rest/resources.h"

namespace strawberry::gateway {
namespace {

using json = Document;

constexpr const char* base_name = "openapi";
constexpr const char* json_type = "application/json";

json reference(const std::string& kind, const std::string& name) {
  return {{"$ref", "#/components/" + kind + "/" + name}};
}

/// Returns the component's name: `skills.call.result`; `skills.call.nulls` for `examples/skills/call@nulls`.
std::string component_name(std::string name) {
  constexpr std::string_view examples = "examples/";
  if (name.rfind(examples, 0) == 0) name.erase(0, examples.size());
  for (char& c : name) {
    if (c == '/' || c == '@') c = '.';
  }
  return name;
}

const json& file(const SchemaFiles& files, const std::string& name) {
  const auto found = files.find(name);
  if (found == files.end()) throw std::runtime_error("schemas/" + name + ".json is missing");
  return found->second;
}

/// Removes members from an object's schema.
void take_out(json& schema, const std::set<std::string>& names) {
  for (const std::string& name : names) {
    if (const auto properties = schema.find("properties"); properties != schema.end()) properties->erase(name);
  }
  const auto required = schema.find("required");
  if (required == schema.end()) return;
  json left = json::array();
  for (const json& name : *required) {
    if (!names.contains(name.get<std::string>())) left.push_back(name);
  }
  if (left.empty()) {
    schema.erase(required);
  } else {
    *required = std::move(left);
  }
}

/// Changes references within a file to references within the document.
void move_references(json& schema, const std::string& component) {
  if (schema.is_object()) {
    const auto target = schema.find("$ref");
    constexpr std::string_view definitions = "#/definitions/";
    if (target != schema.end() && target->is_string()) {
      const auto where = target->get<std::string>();
      if (where.rfind(definitions, 0) != 0) throw std::runtime_error(component + ": what is " + where + "?");
      *target = "#/components/schemas/" + component + "/$defs/" + where.substr(definitions.size());
    }
  }
  for (json& part : schema) {
    if (part.is_structured()) move_references(part, component);
  }
}

/// Makes a component of a draft 7 schema: the keywords that these files use mean the same in OpenAPI 3.1.
json as_component(json schema, const std::string& component) {
  schema.erase("$schema");
  schema.erase("$id");
  move_references(schema, component);
  if (const auto definitions = schema.find("definitions"); definitions != schema.end()) {
    schema["$defs"] = std::move(*definitions);
    schema.erase("definitions");
  }
  return schema;
}

std::string slug(const std::string& method, const std::string& path) {
  std::string id = method;
  for (const char c : path) {
    if (c == '{' || c == '}') continue;
    id += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return id;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Members of an example that HTTP clients do not send: the path names the operation, `Idempotency-Key` the request,
/// and the token the principal.
const std::set<std::string> envelope_members = {"op", "v", "correlation_id", "caller_device_id", "metadata"};

void take_out_envelope(json& example, const std::string& name) {
  for (const std::string& member : envelope_members) {
    if (member != "metadata" || name != "devices/update") example.erase(member);  // there it is the device's
  }
}

class Maker {
 public:
  Maker(const SchemaFiles& files, const std::vector<std::string>& operations)
      : files_(files), operations_(operations), document_(file(files, base_name)) {
    for (const char* name : {"x-operations", "x-everywhere", "x-statuses", "x-shapes"}) {
      instructions_[name] = document_.at(name);
      document_.erase(name);
    }
  }

  json make() {
    for (const std::string& name : operations_) add_schemas(name);
    for (const char* name : {"hub/health", "hub/info"}) add_schema(name);
    add_error_schema();
    add_responses();
    finish_those_by_hand();
    for (const ResourceRow& row : resource_rows()) add_resource(row);
    for (const std::string& name : operations_) add_operation(name);
    return std::move(document_);
  }

 private:
  json& schemas() { return document_["components"]["schemas"]; }
  json& examples() { return document_["components"]["examples"]; }

  void add_schema(const std::string& name) {
    const std::string component = component_name(name);
    schemas()[component] = as_component(file(files_, name), component);
    for (const std::string& example : examples_of(name)) {
      json value = files_.at(example);
      if (value.is_object() && name.find(".result") == std::string::npos) {
        take_out_envelope(value, name);
      }
      examples()[component_name(example)] = {{"value", std::move(value)}};
    }
  }

  void add_schemas(const std::string& name) {
    add_schema(name);
    take_out(schemas()[component_name(name)], {"op"});
    add_schema(name + ".result");
  }

  /// Returns `examples/skills/call` and `examples/skills/call@nulls`, but not `examples/skills/call.result`.
  std::vector<std::string> examples_of(const std::string& name) const {
    std::vector<std::string> found;
    for (const auto& [path, content] : files_) {
      if (path == "examples/" + name || path.rfind("examples/" + name + "@", 0) == 0) found.push_back(path);
    }
    return found;
  }

  /// Returns `example`, or the text behind the @.
  static std::string example_key(const std::string& path) {
    const std::size_t mark = path.find('@');
    return mark == std::string::npos ? "example" : path.substr(mark + 1);
  }

  json example_references(const std::string& name) const {
    json all = json::object();
    for (const std::string& path : examples_of(name)) {
      all[example_key(path)] = reference("examples", component_name(path));
    }
    return all;
  }

  static json content(json schema, json with_examples) {
    json body{{"schema", std::move(schema)}};
    if (!with_examples.empty()) body["examples"] = std::move(with_examples);
    return {{json_type, std::move(body)}};
  }

  // --- errors

  const json& statuses() const { return instructions_.at("x-statuses"); }

  std::vector<std::string> codes_of(unsigned status) const {
    std::vector<std::string> codes = statuses().at(std::to_string(status)).value("codes", std::vector<std::string>());
    for (const ErrorCode code : error_codes_all) {
      const std::string name(to_string(code));
      const bool is_known = std::find(codes.begin(), codes.end(), name) != codes.end();
      if (!is_known && status_of(name, false) == status) codes.push_back(name);
    }
    return codes;
  }

  /// The hub's error without `retryable`, which the status implies, and with the gateway's own codes.
  void add_error_schema() {
    json error = as_component(file(files_, "error"), "errors.hub");
    take_out(error, {"retryable"});
    json& codes = error["properties"]["code"]["enum"];
    for (const auto& [status, about] : statuses().items()) {
      for (const json& code : about.value("codes", json::array())) {
        if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
      }
    }
    schemas()["errors.hub"] = {
        {"type", "object"}, {"properties", {{"error", std::move(error)}}}, {"required", json::array({"error"})}};
  }

  void add_responses() {
    json& responses = document_["components"]["responses"];
    for (const auto& [shape, about] : instructions_.at("x-shapes").items()) {
      for (const auto& [status, meaning] : statuses().items()) {
        const auto number = static_cast<unsigned>(std::stoul(status));
        const std::vector<std::string> codes = codes_of(number);
        auto description = meaning.at("description").get<std::string>();
        std::string list;
        for (const std::string& code : codes) list += (list.empty() ? "`" : ", `") + code + "`";
        if (shape != "spoke" && !list.empty()) description += " Codes: " + list + ".";
        const ErrorShape kind = about.at("kind") == "hub"      ? ErrorShape::hub
                                : about.at("kind") == "openai" ? ErrorShape::openai
                                                               : ErrorShape::spoke;
        const Problem example =
            problem(number, codes.empty() ? "bad_request" : codes.front(), meaning.at("says").get<std::string>());
        json response{
            {"description", std::move(description)},
            {"content", content(about.at("schema"), {{"example", {{"value", json(body_of(example, kind))}}}})}};
        // An unknown X-Protocol-Version.
        if (kind == ErrorShape::spoke && number == 400)
          response["content"]["text/plain"] = {{"schema", {{"type", "string"}}}};
        if (about.value("html", false)) response["content"]["text/html"] = {{"schema", {{"type", "string"}}}};
        if (number == 401) response["headers"]["WWW-Authenticate"] = reference("headers", "WWW-Authenticate");
        if (number == 429 || number == 503) response["headers"]["Retry-After"] = reference("headers", "Retry-After");
        responses[shape + "." + status] = std::move(response);
      }
    }
  }

  /// Adds to `responses`. `as`: the operations of the contract that the route uses; `codes`: additional codes.
  void add_errors(json& operation, const std::string& shape, const std::vector<std::string>& as,
                  std::vector<std::string> codes, bool with_token) const {
    std::set<unsigned> numbers = {400, 403, 408, 431, 500};
    if (with_token) numbers.insert({401, 429, 503});
    if (operation.contains("requestBody")) numbers.insert(413);
    for (const std::string& name : as) {
      for (const char* list : {"x-everywhere", "x-operations"}) {
        json more = instructions_.at(list);
        if (more.is_object()) more = more.at(name);
        for (const json& code : more) codes.push_back(code.get<std::string>());
      }
    }
    for (const std::string& code : codes) numbers.insert(status_of(code, false));
    for (const unsigned number : numbers) {
      const std::string status = std::to_string(number);
      if (!statuses().contains(status)) throw std::runtime_error("x-statuses does not have " + status);
      operation["responses"][status] = reference("responses", shape + "." + status);
    }
  }

  // --- paths

  void add(const std::string& method, const std::string& path, json operation) {
    json& item = document_["paths"][path];
    if (item.contains(method)) throw std::runtime_error(method + " " + path + " is there twice");
    if (!operation.contains("operationId")) operation["operationId"] = slug(method, path);
    item[method] = std::move(operation);
  }

  void finish_those_by_hand() {
    const json by_hand = document_.at("paths");
    document_["paths"] = json::object();
    for (const auto& [path, item] : by_hand.items()) {
      for (const auto& [method, written] : item.items()) {
        json operation = written;
        const json about = operation.at("x-errors");
        operation.erase("x-errors");
        // Operations that sign in take no token, but answer with the errors of a refused one.
        const bool with_token =
            !operation.contains("security") || !operation.at("security").empty() || about.value("signs_in", false);
        add_errors(operation, about.at("shape").get<std::string>(), about.value("as", std::vector<std::string>()),
                   about.value("codes", std::vector<std::string>()), with_token);
        add_path_parameters(operation, path);
        add(method, path, std::move(operation));
      }
    }
  }

  /// Adds the parameters that are not described by hand.
  static void add_path_parameters(json& operation, const std::string& path) {
    for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1)) {
      const std::string name = path.substr(at + 1, path.find('}', at) - at - 1);
      const json given = operation.value("parameters", json::array());
      const bool is_there = std::any_of(given.begin(), given.end(), [&](const json& one) {
        return one.value("in", "") == "path" && one.value("name", "") == name;
      });
      if (is_there) continue;
      operation["parameters"].push_back(
          {{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
    }
  }

  json described(const std::string& name) const {
    const json& schema = file(files_, name);
    json operation{{"tags", json::array({name.substr(0, name.find('/'))})}, {"summary", schema.at("title")}};
    if (schema.contains("description")) operation["description"] = schema.at("description");
    operation["parameters"] = json::array({reference("parameters", "Idempotency-Key")});
    return operation;
  }

  json answered(const std::string& name) const {
    const std::string result_name = name + ".result";
    const json& result = file(files_, result_name);
    return {{"description", result.at("title")},
            {"content", content(reference("schemas", component_name(result_name)), example_references(result_name))}};
  }

  /// POST /api/v1/{service}/{op}.
  void add_operation(const std::string& name) {
    json operation = described(name);
    operation["operationId"] = slug("", component_name(name));
    const bool needs_body = schemas().at(component_name(name)).contains("required");
    operation["requestBody"] = {
        {"required", needs_body},
        {"content", content(reference("schemas", component_name(name)), example_references(name))}};
    operation["responses"]["200"] = answered(name);
    if (name == "chat/complete" || name == "chat/inference") {
      operation["parameters"].push_back(reference("parameters", "stream"));
      operation["responses"]["200"]["content"]["text/event-stream"] = {{"schema", reference("schemas", "events")}};
    }
    if (name == "users/login") operation["security"] = json::array();  // no token: accounts/routes.h
    add_errors(operation, "hub", {name}, {}, true);
    add("post", "/api/v1/" + name, std::move(operation));
  }

  void add_resource(const ResourceRow& row) {
    const std::string name = std::string(to_string(row.service)) + "/" + row.op;
    const std::string method = lower(row.method);
    const json& request = schemas().at(component_name(name));
    const json required = request.value("required", json::array());
    const auto sources = examples_of(name);
    const json example = sources.empty() ? json::object() : files_.at(sources.front());
    json operation = described(name);
    std::set<std::string> elsewhere;
    const auto add_parameter = [&](const std::string& parameter, const char* in) {
      json schema = request.at("properties").at(parameter);
      const bool must =
          std::string_view(in) == "path" || std::find(required.begin(), required.end(), parameter) != required.end();
      json one{{"name", parameter}, {"in", in}, {"required", must}};
      if (schema.contains("description")) one["description"] = schema.at("description");
      schema.erase("description");
      one["schema"] = std::move(schema);
      if (example.contains(parameter)) one["example"] = example.at(parameter);
      operation["parameters"].push_back(std::move(one));
      elsewhere.insert(parameter);
    };
    const std::string path = row.path;
    for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1)) {
      add_parameter(path.substr(at + 1, path.find('}', at) - at - 1), "path");
    }
    for (const std::string& one : row.text_parameters) add_parameter(one, "query");
    for (const std::string& one : row.number_parameters) add_parameter(one, "query");
    if (method != "get" && method != "delete") operation["requestBody"] = body_without(name, elsewhere);
    operation["responses"][std::to_string(row.status)] = answered(name);
    add_errors(operation, "hub", {name}, {}, true);
    add(method, path, std::move(operation));
  }

  /// Returns the operation's request without the members that the path or the query has.
  json body_without(const std::string& name, const std::set<std::string>& elsewhere) {
    if (elsewhere.empty()) {
      return {{"required", schemas().at(component_name(name)).contains("required")},
              {"content", content(reference("schemas", component_name(name)), example_references(name))}};
    }
    json schema = schemas().at(component_name(name));
    take_out(schema, elsewhere);
    schema.erase("title");
    schema.erase("description");
    json with_examples = json::object();
    for (const std::string& path : examples_of(name)) {
      json value = files_.at(path);
      take_out_envelope(value, name);
      for (const std::string& member : elsewhere) value.erase(member);
      if (!value.empty()) with_examples[example_key(path)] = {{"value", std::move(value)}};
    }
    const bool needs_body = schema.contains("required");
    return {{"required", needs_body}, {"content", content(std::move(schema), std::move(with_examples))}};
  }

  const SchemaFiles& files_;
  const std::vector<std::string>& operations_;
  json document_;
  json instructions_;
};

}  // namespace

Document openapi_document(const SchemaFiles& files, const std::vector<std::string>& operations) {
  return Maker(files, operations).make();
}

}  // namespace strawberry::gateway
