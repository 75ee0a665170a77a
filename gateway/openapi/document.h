/// The OpenAPI document of the web door, made when the program is built: what is said by hand in schemas/openapi.json,
/// the operations and their JSON Schemas and examples below schemas/, the table of resources, and the statuses of
/// errors.
///
/// Pure.   Errors: throws std::runtime_error or nlohmann's exceptions when the sources do not fit together; the build
/// ends then.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace strawberry::gateway {

/// Its members keep the order in which people wrote them.
using Document = nlohmann::ordered_json;

/// By the path below schemas/, without `.json`: `skills/call`, `examples/skills/call@nulls`.
using SchemaFiles = std::map<std::string, Document>;

/// `operations`: `skills/call` and so on.
///
/// schemas/openapi.json is an OpenAPI document of what no table knows, with instructions that are not in the result:
///   x-statuses    by status: its `description`, the `codes` that the gateway itself has for it, and what it `says`
///   x-shapes      by name: the `schema` of an error, and its `kind` (hub, openai, spoke)
///   x-everywhere  the codes that each operation of the contract may fail with
///   x-operations  by operation: the codes that it may have beside those
///   x-errors      of a path's method: the `shape` of its errors, and where they come from: `as` names operations,
///   `codes` more
Document openapi_document(const SchemaFiles& files, const std::vector<std::string>& operations);

}  // namespace strawberry::gateway
