/// The operations of all services by name, each with its schema and the service that runs it.
///
/// Threading: loop only.   Lifetime: refers to the services, their tables and the schemas.
/// Errors: add() stops the program when an operation has no schema or is there twice: that is a bug.
/// Bounds: what the tables have; a lookup compares the names of one service and allocates nothing.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/pipeline/service.h"

namespace strawberry {
class RequestSchemas;
struct RequestSchema;
}  // namespace strawberry

namespace strawberry::bridge {

class OperationIndex {
 public:
  struct Entry {
    const Operation* operation;
    const OperationTable* table;
    RequestHandler* service;
    const RequestSchema* schema;
  };

  void add(RequestHandler& service, const RequestSchemas& schemas);
  /// Null when there is no such operation. Valid until the next add().
  const Entry* find(Service service, std::string_view op) const;
  /// In alphabetical order.
  std::vector<std::string> ops(Service service) const;

 private:
  std::array<std::vector<Entry>, services_count> by_service_;
};

}  // namespace strawberry::bridge
