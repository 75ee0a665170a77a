/// A message of a state or availability topic, and the output of templates for it: each template is rendered once,
/// however many entities use it.
///
/// Threading: one thread.   Lifetime: one take().   Bounds: those of templates; the caller limits the payload.
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
  /// Returns the template's output, or the payload when `how` is null.
  const Text& text(const Template* how);
  /// Returns text() as JSON, shared by all callers; null when it is not an object or has more than `bytes_max`.
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
