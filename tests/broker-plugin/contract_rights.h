/// The permissions of docs/contract.md, section 2, written a second time by hand and in another form than the policy: a
/// list of patterns with the principals that may use them. All else is denied.
#pragma once

#include <string>
#include <string_view>

#include "broker-plugin/topic_policy.h"
#include "common/contract/principal.h"

namespace strawberry::test {

using namespace plugin;

/// For principals of cast().
bool contract_allows(const Principal& who, Access access, const std::string& topic, bool retain);

}  // namespace strawberry::test
