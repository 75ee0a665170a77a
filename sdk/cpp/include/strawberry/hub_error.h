/// Why a request to the hub failed.
///
/// `code()` is for programs: the hub's own (docs/contract.md, section 3: `not_found`, `device_offline`, `timeout`, …)
/// or one of the library's: `unreachable` (no connection within the time there was), `stopped` (the Spoke was stopped).
/// `what()` is one sentence for people.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include <strawberry/public.h>

namespace strawberry {
inline namespace v0 {

class STRAWBERRY_PUBLIC HubError : public std::runtime_error {
 public:
  HubError(std::string code, const std::string& message, bool retryable = false, nlohmann::json details = nullptr);
  ~HubError() override;

  const std::string& code() const noexcept { return code_; }
  /// Whether the same request may succeed later.
  bool retryable() const noexcept { return retryable_; }
  /// Null or an object.
  const nlohmann::json& details() const noexcept { return details_; }

 private:
  std::string code_;
  bool retryable_;
  nlohmann::json details_;
};

}  // namespace v0
}  // namespace strawberry
