#include "bridge/pipeline/operation_index.h"

#include <algorithm>
#include <cstdlib>

#include "common/contract/schemas/request_schemas.h"
#include "common/runtime/request_log.h"

namespace strawberry::bridge {

void OperationIndex::add(RequestHandler& service, const RequestSchemas& schemas) {
  const OperationTable& table = service.table();
  for (const Operation& operation : table.operations) {
    const RequestSchema* schema = schemas.find(table.service, operation.op);
    if (schema == nullptr || find(table.service, operation.op) != nullptr) {
      hub_log().critical("the operation {}/{} has no request schema, or two services have it", to_string(table.service),
                         operation.op);
      std::abort();
    }
    by_service_[static_cast<std::size_t>(table.service)].push_back({&operation, &table, &service, schema});
  }
}

const OperationIndex::Entry* OperationIndex::find(Service service, std::string_view op) const {
  const auto& entries = by_service_[static_cast<std::size_t>(service)];
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.operation->op == op; });
  return found == entries.end() ? nullptr : &*found;
}

std::vector<std::string> OperationIndex::ops(Service service) const {
  std::vector<std::string> names;
  for (const Entry& entry : by_service_[static_cast<std::size_t>(service)]) names.emplace_back(entry.operation->op);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace strawberry::bridge
