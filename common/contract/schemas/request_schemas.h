/// Checks requests against the JSON Schemas in schemas/: the same files that the tests and the documentation use, built
/// into the program.
///
/// Threading: one thread at a time (compiled patterns are cached).   Lifetime: loaded once at start, immutable then.
/// Errors: check() gives them as Error. load() stops the program when a built-in schema is broken: that is a bug.
/// Bounds: cost grows with the request; the request pipeline bounds its size (256 KiB) and depth (64) and has refused
/// what is not UTF-8 before it comes here. Nothing of the request but a short scalar is echoed.
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

/// One operation's.
struct RequestSchema;

class RequestSchemas {
 public:
  static RequestSchemas load();
  RequestSchemas(RequestSchemas&&) noexcept;
  RequestSchemas& operator=(RequestSchemas&&) noexcept;
  ~RequestSchemas();

  /// Null when there is no such operation. Valid as long as this is.
  const RequestSchema* find(Service service, std::string_view op) const;
  bool knows(Service service, std::string_view op) const { return find(service, op) != nullptr; }
  /// Nothing when `body` is valid. Else bad_request: details.path is a JSON Pointer (RFC 6901) to the deepest place
  /// that is wrong (where it should be, when it is missing), the message says what was expected there. A member that
  /// the operation does not know comes first, with details.meant where one is near.
  std::optional<Error> check(const RequestSchema& schema, const nlohmann::json& body) const;
  /// Likewise; unknown_op when there is no such operation.
  std::optional<Error> check(Service service, std::string_view op, const nlohmann::json& body) const;
  /// In alphabetical order.
  std::vector<std::string> ops(Service service) const;

 private:
  struct Impl;
  explicit RequestSchemas(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace strawberry
