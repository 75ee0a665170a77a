#include "common/contract/schemas/request_schemas.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

#include "common/contract/schemas/complaint.h"
#include "common/contract/schemas/embedded_schemas.h"
#include "common/contract/schemas/json_schema.h"
#include "common/contract/schemas/precheck.h"
#include "common/contract/schemas/quick_check.h"
#include "common/contract/schemas/unknown_member.h"

namespace strawberry {

struct RequestSchema {
  nlohmann::json source;
  JsonSchema compiled;
  QuickCheck quick_check;
  Precheck precheck;
};

namespace {

using nlohmann::json;

constexpr std::size_t place_bytes_max = 200;

Error bad_request(const JsonPath& path, std::string message) {
  json details = json::object();
  details["path"] = json_pointer(path);
  return Error{ErrorCode::bad_request, std::move(message), std::move(details)};
}

Error refuse_unknown(const UnknownMember& unknown) {
  JsonPath path = unknown.path;
  if (json_pointer(path).size() > place_bytes_max) path.pop_back();  // the client's own name, of any length
  Error error = bad_request(path, describe_unknown(unknown));
  if (!unknown.meant.empty()) error.details["meant"] = unknown.meant;
  return error;
}

}  // namespace

struct RequestSchemas::Impl {
  std::map<std::string, RequestSchema, std::less<>> by_name;  // key: skills/register
};

RequestSchemas::RequestSchemas(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RequestSchemas::RequestSchemas(RequestSchemas&&) noexcept = default;
RequestSchemas& RequestSchemas::operator=(RequestSchemas&&) noexcept = default;
RequestSchemas::~RequestSchemas() = default;

RequestSchemas RequestSchemas::load() {
  auto impl = std::make_unique<Impl>();
  for (const EmbeddedSchema& embedded : embedded_schemas()) {
    const auto broken = [&](const std::string& why) {
      std::fprintf(stderr, "strawberry: the built-in schema %s is broken: %s\n", std::string(embedded.name).c_str(),
                   why.c_str());
      std::abort();
    };
    try {
      json source = json::parse(embedded.json);
      auto compiled = JsonSchema::compile(source);
      if (!compiled) broken(compiled.error().message);
      auto quick_check = QuickCheck::of_schema(source);
      auto precheck = Precheck::of_schema(source);
      impl->by_name.emplace(embedded.name, RequestSchema{std::move(source), std::move(*compiled),
                                                         std::move(quick_check), std::move(precheck)});
    } catch (const std::exception& problem) {
      broken(problem.what());
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
    const auto path = schema.compiled.find_problem(body);
    if (!path) return std::nullopt;
    return bad_request(*path, describe_problem(schema.source, body, *path));
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
