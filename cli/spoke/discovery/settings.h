/// The contents of a discovery message for one entity, by long keys. Small, since a home has thousands.
///
/// Lifetime: keys are full_key()'s and static; templates are shared.   Errors: an empty value for a missing one or one
/// of another type.   Bounds: the caller limits the message.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/spoke/discovery/template/template.h"

namespace strawberry::cli::discovery {

using TemplatePtr = std::shared_ptr<const Template>;

class Settings {
 public:
  void set(std::string_view key, nlohmann::json value);
  /// Null for a template that cannot be used.
  void set_template(std::string_view key, TemplatePtr made);
  void erase(std::string_view key);
  void shrink();

  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// Returns a text, or a number or boolean as Python writes it.
  std::string text(std::string_view key, std::string_view otherwise = {}) const;
  /// Like text(); nullopt when the message has `null`.
  std::optional<std::string> payload(std::string_view key, std::string_view otherwise) const;
  double number(std::string_view key, double otherwise) const;
  bool flag(std::string_view key, bool otherwise) const;
  /// Returns a list; a single text is a list of one.
  std::vector<std::string> list(std::string_view key) const;
  /// Returns null when there is none, or it cannot be used: see can_use().
  const Template* template_of(std::string_view key) const;
  /// True if there is no such template, or a usable one.
  bool can_use(std::string_view template_key) const;

  template <class Each>
  void for_each(Each each) const {
    for (const auto& [key, value] : values_) each(key, value);
  }

 private:
  const nlohmann::json* find(std::string_view key) const;

  std::vector<std::pair<std::string_view, nlohmann::json>> values_;
  std::vector<std::pair<std::string_view, TemplatePtr>> templates_;
};

}  // namespace strawberry::cli::discovery
