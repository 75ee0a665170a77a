/// What docs/contract.md, section 2, promises, written down a second time by hand and in another form than the policy:
/// a list of who may do what on which pattern. What no line allows is denied.
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
