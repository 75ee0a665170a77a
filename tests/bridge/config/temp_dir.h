/// A folder of a test's own, with files written into it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temp_dir.h"

namespace strawberry::bridge {

class TempDir : public test::TempDir {
 public:
  std::string write(const std::string& name, const std::string& text, unsigned mode = 0600) const {
    const std::filesystem::path where = file(name);
    std::ofstream(where, std::ios::binary) << text;
    std::filesystem::permissions(where, static_cast<std::filesystem::perms>(mode));
    return where.string();
  }
  std::string path() const { return test::TempDir::path().string(); }
};

}  // namespace strawberry::bridge
