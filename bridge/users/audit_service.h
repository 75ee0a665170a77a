/// `users` `audit`: what was done by whom for whom, newest first, for admins (docs/contract.md, section 7).
///
/// Threading: loop only.   Lifetime: the store outlives it.   Errors: `bad_request` for a time or cursor that is none;
/// the store's.   Bounds: lines_max a page.
#pragma once

#include <functional>
#include <utility>

#include "bridge/pipeline/service.h"
#include "bridge/ports/audit_store.h"

namespace strawberry::bridge {

class AuditService final : public RequestHandler {
 public:
  static constexpr std::size_t lines_max = 200;
  static constexpr std::size_t lines_default = 50;

  /// `flush` stores what has been audited and is not stored yet, so that a page has what was done just before.
  AuditService(AuditStore& store, std::function<Task<Reply<void>>()> flush) : store_(store), flush_(std::move(flush)) {}

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return std::chrono::seconds(30); }

 private:
  Task<Reply<nlohmann::json>> audit(Request request);

  AuditStore& store_;
  const std::function<Task<Reply<void>>()> flush_;
};

/// What a valid request asks for.
Reply<AuditQuery> read_audit_query(const nlohmann::json& body);

}  // namespace strawberry::bridge
