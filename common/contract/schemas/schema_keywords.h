/// Classifies the values of JSON Schema keywords for code that walks through a schema: some contain schemas, others
/// data in which nothing is a keyword.
///
/// Pure. Keywords of drafts 4 to 2020-12; the value of an unknown keyword counts as data.
#pragma once

#include <string_view>

namespace strawberry {

enum class KeywordHolds {
  data,           // const, enum, default, type, minimum, …
  schema,         // a schema, or an array of them: items, anyOf, not, …
  named_schemas,  // an object of schemas: properties, patternProperties, …
};

inline KeywordHolds what_holds(std::string_view keyword) {
  for (const std::string_view each :
       {"properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"}) {
    if (keyword == each) return KeywordHolds::named_schemas;
  }
  for (const std::string_view each :
       {"items", "prefixItems", "additionalItems", "unevaluatedItems", "contains", "additionalProperties",
        "unevaluatedProperties", "propertyNames", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"}) {
    if (keyword == each) return KeywordHolds::schema;
  }
  return KeywordHolds::data;
}

}  // namespace strawberry
