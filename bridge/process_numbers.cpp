#include "bridge/process_numbers.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace strawberry::bridge {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1'000'000.0;
}

}  // namespace

ProcessNumbers process_numbers() {
  ProcessNumbers numbers;
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0) numbers.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages = 0;
  std::int64_t resident_pages = 0;
  if (statm >> pages >> resident_pages) {
    numbers.virtual_bytes = pages * ::sysconf(_SC_PAGESIZE);
    numbers.resident_bytes = resident_pages * ::sysconf(_SC_PAGESIZE);
  }
  std::error_code failure;
  const std::filesystem::directory_iterator files("/proc/self/fd", failure);
  // One of them is the folder being read.
  if (!failure) numbers.open_files = std::distance(begin(files), end(files)) - 1;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) numbers.open_files_max = static_cast<std::int64_t>(limit.rlim_cur);
  return numbers;
}

}  // namespace strawberry::bridge
