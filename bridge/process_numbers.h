/// The kernel's numbers about this process; 0 for those that are not available.
#pragma once

#include <cstdint>

namespace strawberry::bridge {

struct ProcessNumbers {
  double cpu_seconds = 0;  // user and system
  std::int64_t virtual_bytes = 0;
  std::int64_t resident_bytes = 0;
  std::int64_t open_files = 0;
  std::int64_t open_files_max = 0;
};
ProcessNumbers process_numbers();

}  // namespace strawberry::bridge
