/// A message of a state or availability topic, and what templates make of it: each template is rendered once, however
/// many entities have it.
///
/// Threading: one thread.   Lifetime: of one take().   Bounds: those of templates; the caller's, of the payload.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "cli/spoke/discovery/template/template.h"

namespace strawberry::cli::discovery {

class Message {
 public:
  using Text = Result<std::string, TemplateFailure>;

  Message(std::string_view payload, WallTime now) : payload_(payload), value_(payload_), now_(now) {}

  const std::string& payload() const { return payload_; }
  /// The payload, when `how` is null.
  const Text& text(const Template* how);
  /// text() as JSON, which all who ask share; null when it is no object or has more than `bytes_max`.
  std::shared_ptr<const nlohmann::json> object(const Template* how, std::size_t bytes_max);

 private:
  const std::string payload_;
  const Value value_;
  const WallTime now_;
  std::optional<Value> json_;
  std::map<const Template*, Text> texts_;
  std::map<const Template*, std::shared_ptr<const nlohmann::json>> objects_;
};

}  // namespace strawberry::cli::discovery
