/// Checks requests against the JSON Schemas in schemas/: the same files that the tests and the documentation use, built
/// into the program.
///
/// Threading: one thread at a time (compiled patterns are cached).   Lifetime: loaded once at start, immutable then.
/// Errors: check() returns them as Error. load() stops the program when a built-in schema is broken: that is a bug.
/// Bounds: cost grows with the request; the request pipeline has limited its size (256 KiB) and depth (64) and refused
/// what is not UTF-8. An error repeats nothing of the request but a short scalar.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/contract/error.h"
#include "common/contract/topics.h"

namespace strawberry {

/// The compiled schema of one operation.
struct RequestSchema;

class RequestSchemas {
 public:
  static RequestSchemas load();
  RequestSchemas(RequestSchemas&&) noexcept;
  RequestSchemas& operator=(RequestSchemas&&) noexcept;
  ~RequestSchemas();

  /// Returns null when there is no such operation. Valid as long as this object lives.
  const RequestSchema* find(Service service, std::string_view op) const;
  bool knows(Service service, std::string_view op) const { return find(service, op) != nullptr; }
  /// Returns nothing when `body` is valid, otherwise bad_request: details.path is a JSON Pointer (RFC 6901) to the
  /// deepest place that is wrong (where it should be, when it is missing), the message says what was expected there. A
  /// member that the operation does not know is reported first, with details.meant where a known name is near.
  std::optional<Error> check(const RequestSchema& schema, const nlohmann::json& body) const;
  /// As above; unknown_op when there is no such operation.
  std::optional<Error> check(Service service, std::string_view op, const nlohmann::json& body) const;
  /// Returns the operations in alphabetical order.
  std::vector<std::string> ops(Service service) const;

 private:
  struct Impl;
  explicit RequestSchemas(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace strawberry
