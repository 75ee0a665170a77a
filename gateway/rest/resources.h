/// REST: every operation of the contract as `POST /api/v1/{service}/{op}`, and the usual resources, each as one row of
/// a table.
///
/// Threading: loop only.   Errors: {"error":{"code","message","details"?}}.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/router.h"
#include "gateway/hub/links.h"

namespace strawberry::gateway {

/// One resource; tells which members of the operation's request come from the path and the query.
struct ResourceRow {
  const char* method;
  const char* path;  // `{name}` becomes the member of that name
  Service service;
  const char* op;
  std::vector<std::string> text_parameters;    // of the query, as text
  std::vector<std::string> number_parameters;  // of the query, as whole numbers
  unsigned status = 200;                       // when it worked
  const char* list = "";                       // what the result lists in pages; all of them unless one is asked for
};

const std::vector<ResourceRow>& resource_rows();

/// Returns the routes of both kinds. `names`: the operations, as `skills/call`; must outlive the routes.
std::vector<Route> rest_routes(asio::io_context& loop, Links& links, std::span<const std::string_view> names);

}  // namespace strawberry::gateway
