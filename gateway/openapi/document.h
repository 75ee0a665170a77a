/// Makes the web door's OpenAPI document when the program is built, from the hand-written schemas/openapi.json, the
/// operations with their JSON Schemas and examples below schemas/, the table of resources, and the statuses of errors.
///
/// Pure.   Errors: throws std::runtime_error or nlohmann's exceptions when the sources contradict each other; the build
/// then fails.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace strawberry::gateway {

/// Members keep the order of their file.
using Document = nlohmann::ordered_json;

/// Key: the path below schemas/, without `.json`: `skills/call`, `examples/skills/call@nulls`.
using SchemaFiles = std::map<std::string, Document>;

/// `operations`: `skills/call` and so on.
///
/// schemas/openapi.json is an OpenAPI document of everything that is in no table, with instructions that are removed:
///   x-statuses    by status: its `description`, the gateway's own `codes` for it, and the text it `says`
///   x-shapes      by name: the `schema` of an error, and its `kind` (hub, openai, spoke)
///   x-everywhere  the codes that each operation of the contract may fail with
///   x-operations  by operation: the additional codes that it may have
///   x-errors      of a path's method: the `shape` of its errors, and their sources: `as` names operations,
///   `codes` more
Document openapi_document(const SchemaFiles& files, const std::vector<std::string>& operations);

}  // namespace strawberry::gateway
