/// The class names of entities' skills (docs/discovery.md, "Names"): `Light`, `ChildLock`, `PowerOnBehaviorSelect`.
///
/// Pure: they depend on the entities of the device, not on the order in which they came.
#pragma once

#include <string>
#include <vector>

#include "cli/spoke/discovery/entity.h"

namespace strawberry::cli::discovery {

/// Of an entity alone.
std::string class_name_of(const Entity& entity);

/// Sets Entity::class_name of all entities of a device, no two alike.
void name_classes(const std::vector<Entity*>& entities);

}  // namespace strawberry::cli::discovery
