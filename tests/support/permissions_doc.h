/// docs/permissions.md, whose two parts are written by two tests: topics by permissions_test, operations by
/// operation_tables_test.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace strawberry::test {

class PermissionsDoc {
 public:
  enum class Part { topics, operations };

  /// Returns the part of the file, after replacing it with `now` when STRAWBERRY_WRITE_PERMISSIONS is set.
  static std::string part(Part part, const std::string& now) {
    const std::string path = STRAWBERRY_SOURCE_DIR "/docs/permissions.md";
    std::ifstream file(path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto middle = std::min(text.find("## Operations\n"), text.size());
    std::string topics = text.substr(0, middle);
    std::string operations = text.substr(middle);
    std::string& wanted = part == Part::topics ? topics : operations;
    if (std::getenv("STRAWBERRY_WRITE_PERMISSIONS") != nullptr) {
      wanted = now;
      std::ofstream(path) << topics << operations;
    }
    return wanted;
  }
};

}  // namespace strawberry::test
