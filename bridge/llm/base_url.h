/// A provider's base URL as people write it: with spaces around, with or without slashes at the end, with more of the
/// path than was asked for.
///
/// Pure.   Errors: Failure, for what is no http or https URL.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/text/result.h"

namespace strawberry::bridge {

struct BaseUrl {
  std::string root;   // scheme, host and path, no slash at the end
  std::string query;  // with its question mark, or empty

  bool has_path() const;
};

/// `endings` are dropped from the path, each once, in this order: {"/messages", "/v1"} leaves nothing of /v1/messages.
Result<BaseUrl> read_base_url(std::string_view written, const std::vector<std::string_view>& endings);

}  // namespace strawberry::bridge
