#include "common/contract/schemas/request_schemas.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "common/contract/schemas/complaint.h"
#include "common/contract/schemas/embedded_schemas.h"
#include "common/contract/schemas/precheck.h"
#include "common/contract/schemas/quick_check.h"
#include "common/contract/schemas/unknown_member.h"

namespace strawberry {

struct RequestSchema {
  nlohmann::json source;
  valijson::Schema compiled;
  QuickCheck quick_check;
  Precheck precheck;
};

namespace {

using nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

constexpr std::size_t place_bytes_max = 200;

Error bad_request(const JsonPath& path, std::string message) {
  json details = json::object();
  details["path"] = json_pointer(path);
  return Error{ErrorCode::bad_request, std::move(message), std::move(details)};
}

Error refuse_unknown(const UnknownMember& unknown) {
  JsonPath path = unknown.path;
  if (json_pointer(path).size() > place_bytes_max) path.pop_back();  // the sender's own name for it, of any length
  Error error = bad_request(path, describe_unknown(unknown));
  if (!unknown.meant.empty()) error.details["meant"] = unknown.meant;
  return error;
}

/// One step of a place, without what valijson puts around it: `[skills]` or, in newer versions, `["skills"]`; `[0]`.
std::string name_of_step(std::string step) {
  for (const auto& [open, close] : {std::pair('[', ']'), std::pair('"', '"')}) {
    if (step.size() >= 2 && step.front() == open && step.back() == close) step = step.substr(1, step.size() - 2);
  }
  return step;
}

/// The first step is `<root>`. A missing member is named only in the sentence about its parent.
JsonPath to_path(const valijson::ValidationResults::Error& error) {
  JsonPath path;
  for (std::size_t i = 1; i < error.context.size(); ++i) {
    path.push_back(name_of_step(error.context[i]));
  }
  constexpr std::string_view missing = "Missing required property '";
  if (error.description.rfind(missing, 0) == 0) {
    path.push_back(error.description.substr(missing.size(), error.description.rfind('\'') - missing.size()));
  }
  return path;
}

/// Of all complaints the deepest, and of equally deep ones the first: what comes above merely follows from it.
JsonPath deepest(const valijson::ValidationResults& results) {
  JsonPath best;
  for (const auto& error : results) {
    if (error.context.size() < best.size()) continue;
    JsonPath path = to_path(error);
    if (path.size() > best.size()) best = std::move(path);
  }
  return best;
}

}  // namespace

struct RequestSchemas::Impl {
  std::map<std::string, RequestSchema, std::less<>> by_name;  // skills/register
  valijson::Validator validator{valijson::Validator::kStrongTypes};
};

RequestSchemas::RequestSchemas(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RequestSchemas::RequestSchemas(RequestSchemas&&) noexcept = default;
RequestSchemas& RequestSchemas::operator=(RequestSchemas&&) noexcept = default;
RequestSchemas::~RequestSchemas() = default;

RequestSchemas RequestSchemas::load() {
  auto impl = std::make_unique<Impl>();
  for (const EmbeddedSchema& embedded : embedded_schemas()) {
    try {
      RequestSchema& schema = impl->by_name[std::string(embedded.name)];
      schema.source = json::parse(embedded.json);
      const Adapter adapter(schema.source);
      valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(adapter, schema.compiled);
      schema.quick_check = QuickCheck::of_schema(schema.source);
      schema.precheck = Precheck::of_schema(schema.source);
    } catch (const std::exception& problem) {
      std::fprintf(stderr, "strawberry: the built-in schema %s is broken: %s\n", std::string(embedded.name).c_str(),
                   problem.what());
      std::abort();
    }
  }
  return RequestSchemas(std::move(impl));
}

const RequestSchema* RequestSchemas::find(Service service, std::string_view op) const {
  std::string name(to_string(service));
  name += '/';
  name += op;
  const auto found = impl_->by_name.find(name);
  return found == impl_->by_name.end() ? nullptr : &found->second;
}

std::optional<Error> RequestSchemas::check(Service service, std::string_view op, const json& body) const {
  const RequestSchema* schema = find(service, op);
  if (schema == nullptr) return Error{ErrorCode::unknown_op, "There is no such operation.", nullptr};
  return check(*schema, body);
}

std::optional<Error> RequestSchemas::check(const RequestSchema& schema, const json& body) const {
  if (schema.quick_check.accepts(body)) return std::nullopt;
  try {
    if (const auto finding = schema.precheck.find(body)) {
      const JsonPath& path = finding->path;
      return bad_request(path, finding->has_nul ? json_pointer(path) + " must not contain the character U+0000."
                                                : describe_problem(schema.source, body, path));
    }
    if (const auto unknown = find_unknown_member(schema.source, body)) return refuse_unknown(*unknown);
    const Adapter target(body);
    if (impl_->validator.validate(schema.compiled, target, nullptr)) return std::nullopt;
    // Only a request that failed pays for finding out where.
    valijson::ValidationResults results;
    impl_->validator.validate(schema.compiled, target, &results);
    const JsonPath path = deepest(results);
    return bad_request(path, describe_problem(schema.source, body, path));
  } catch (const std::exception&) {
    return bad_request({}, "The request could not be checked.");
  }
}

std::vector<std::string> RequestSchemas::ops(Service service) const {
  std::vector<std::string> names;
  const std::string prefix = std::string(to_string(service)) + "/";
  for (const auto& [name, schema] : impl_->by_name) {
    if (name.rfind(prefix, 0) == 0) names.push_back(name.substr(prefix.size()));
  }
  return names;
}

}  // namespace strawberry
