/// The whole space of rights, generated: who there is, and what topics and filters may look like. The policy alone, its
/// readable table (docs/permissions.md) and the plugin in a real broker are all asked about the same cells.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker-plugin/topic_policy.h"
#include "common/contract/principal.h"

namespace strawberry::test {

using namespace plugin;

/// alice has a speaker and a tablet, bob a lamp; one principal of each other type. Ids are also their client ids.
const std::vector<Principal>& cast();
/// Who owns what among them.
class CastOwners final : public DeviceOwners {
 public:
  std::string_view owner_of(std::string_view device_id) const override;
};

/// Topics and filters with `{id}` where an id stands.
const std::vector<std::string>& shapes_with_id();
/// Topics and filters that name nobody, and those that no rule should let through.
const std::vector<std::string>& other_shapes();
/// All of them, with every principal's id, an unknown one and wildcards in place of `{id}`.
const std::vector<std::string>& matrix_topics();

std::string with_id(const std::string& shape, std::string_view id);

/// `user alice`, or `device speaker (of alice)`.
std::string describe(const Principal& principal);
/// Printable, and cut when long.
std::string printable(std::string_view topic);

}  // namespace strawberry::test
