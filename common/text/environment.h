/// The environment variables of this process.
#pragma once

#include <map>
#include <string>

namespace strawberry {

using Environment = std::map<std::string, std::string>;

/// Threading: no other thread may change them meanwhile.
Environment process_environment();

}  // namespace strawberry
