#include "common/contract/schemas/inline_references.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/contract/schemas/complaint.h"
#include "common/contract/schemas/schema_keywords.h"
#include "common/text/printable.h"

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::size_t place_shown_bytes_max = 200;

/// Walks through the schema once, and through the target of each reference in its place.
class Inliner {
 public:
  Inliner(const json& root, AtCycle at_cycle) : root_(root), at_cycle_(at_cycle) {}

  Result<json> schema(const json& node) {
    if (auto room = take(1); !room) return tl::unexpected(room.error());
    if (node.is_boolean()) return node;
    if (!node.is_object()) return wrong("is no schema: it must be an object");
    for (const char* keyword : {"$dynamicRef", "$recursiveRef"}) {
      if (node.contains(keyword)) return wrong(std::string("has a ") + keyword + " (use $ref to #/$defs/…)");
    }
    json made = json::object();
    if (const auto reference = node.find("$ref"); reference != node.end()) {
      auto target = referred(*reference);
      if (!target) return target;
      // Only a title and a description are kept beside a reference.
      if (target->is_object()) made = std::move(*target);
      if (target->is_boolean() && node.size() == 1) return target;
    }
    for (const auto& [keyword, value] : node.items()) {
      if (keyword == "$ref" || keyword == "$defs" || keyword == "definitions") continue;
      auto part = inside(keyword, value);
      if (!part) return part;
      made[keyword] = std::move(*part);
    }
    return made;
  }

 private:
  Result<json> inside(const std::string& keyword, const json& value) {
    path_.push_back(keyword);
    auto made = part(what_holds(keyword), value);
    path_.pop_back();
    return made;
  }

  Result<json> part(KeywordHolds holds, const json& value) {
    if (path_.size() > schema_depth_max) return wrong("nests too deep");
    if (holds == KeywordHolds::named_schemas && value.is_object()) {
      json made = json::object();
      for (const auto& [name, each] : value.items()) {
        // The members of `dependencies` may be lists of names instead of schemas.
        auto inner = each.is_array() ? part(KeywordHolds::data, each) : named(name, each);
        if (!inner) return inner;
        made[name] = std::move(*inner);
      }
      return made;
    }
    if (holds == KeywordHolds::schema && value.is_array()) {
      json made = json::array();
      for (const json& each : value) {
        auto inner = named(std::to_string(made.size()), each);
        if (!inner) return inner;
        made.push_back(std::move(*inner));
      }
      return made;
    }
    if (holds == KeywordHolds::schema) return schema(value);
    if (auto room = take(count_values(value)); !room) return tl::unexpected(room.error());
    return value;
  }

  Result<json> named(const std::string& name, const json& value) {
    path_.push_back(name);
    auto made = path_.size() > schema_depth_max ? Result<json>(wrong("nests too deep")) : schema(value);
    path_.pop_back();
    return made;
  }

  Result<json> referred(const json& reference) {
    if (!reference.is_string()) return wrong("has a $ref that is no text");
    const auto& to = reference.get_ref<const std::string&>();
    if (to != "#" && !to.starts_with("#/")) return wrong("refers to another document, " + printable(to, 60));
    if (std::find(followed_.begin(), followed_.end(), to) != followed_.end()) {
      if (at_cycle_ == AtCycle::admit_anything) return json::object();
      return wrong("refers to itself by " + printable(to, 60));
    }
    const json* target = find(to);
    if (target == nullptr) return wrong("refers to nothing: " + printable(to, 60));
    if (followed_.size() == schema_depth_max) return wrong("nests too deep");
    followed_.push_back(to);
    auto made = schema(*target);
    followed_.pop_back();
    return made;
  }

  const json* find(const std::string& reference) const {
    if (reference == "#") return &root_;
    try {
      const json::json_pointer pointer(reference.substr(1));
      return root_.contains(pointer) ? &root_.at(pointer) : nullptr;
    } catch (const json::exception&) {
      return nullptr;
    }
  }

  Result<void> take(std::size_t values) {
    values_ += values;
    if (values_ <= schema_values_max) return {};
    return wrong("makes more than " + std::to_string(schema_values_max) + " values, references in place");
  }

  tl::unexpected<Failure> wrong(const std::string& what) const {
    return fail("the schema at '" + printable(json_pointer(path_), place_shown_bytes_max) + "' " + what);
  }

  const json& root_;
  const AtCycle at_cycle_;
  JsonPath path_;
  std::vector<std::string> followed_ = {"#"};
  std::size_t values_ = 0;
};

}  // namespace

std::size_t count_values(const json& value) {
  std::size_t count = 1;
  if (value.is_structured()) {
    for (const json& each : value) count += count_values(each);
  }
  return count;
}

Result<json> inline_references(const json& schema, AtCycle at_cycle) {
  return Inliner(schema, at_cycle).schema(schema);
}

}  // namespace strawberry
