/// What the kernel says of this process. What it does not say is 0.
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
