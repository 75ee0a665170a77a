/// The environment variables of this process.
#pragma once

#include <map>
#include <string>

namespace strawberry {

using Environment = std::map<std::string, std::string>;

/// Threading: while no other thread changes them.
Environment process_environment();

}  // namespace strawberry
