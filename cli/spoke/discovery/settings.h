/// What a discovery message says of one entity, by the long names of its keys. Small: a home has thousands.
///
/// Lifetime: keys are full_key()'s and live for ever; templates are shared.   Errors: an empty value for what is
/// missing or has another type.   Bounds: the caller's, of the message.
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
  /// Null for one that cannot be used.
  void set_template(std::string_view key, TemplatePtr made);
  void erase(std::string_view key);
  void shrink();

  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// A text, or a number or truth as Python writes it.
  std::string text(std::string_view key, std::string_view otherwise = {}) const;
  /// As text(); nothing when the message says `null`.
  std::optional<std::string> payload(std::string_view key, std::string_view otherwise) const;
  double number(std::string_view key, double otherwise) const;
  bool flag(std::string_view key, bool otherwise) const;
  /// A text alone is a list of one.
  std::vector<std::string> list(std::string_view key) const;
  /// Null when there is none, or it cannot be used: see can_use().
  const Template* template_of(std::string_view key) const;
  /// There is no such template, or a good one.
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
