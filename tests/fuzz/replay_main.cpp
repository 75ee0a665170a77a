// Runs a fuzz target without a fuzzer: with all given files and files of given folders, whole and cut at every byte. So
// past findings stay tested, with any compiler.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

void run(const std::string& input, std::size_t size) {
  // An exact copy, so that the address sanitizer detects reads beyond its end.
  const auto copy = std::make_unique<std::uint8_t[]>(size);
  input.copy(reinterpret_cast<char*>(copy.get()), size);
  LLVMFuzzerTestOneInput(copy.get(), size);
}

bool replay(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string input((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return false;
  std::fprintf(stderr, "%s\n", path.c_str());  // printed first, since the target may crash
  for (std::size_t size = 0; size <= input.size(); ++size) run(input, size);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  int replayed = 0;
  for (int i = 1; i < argc; ++i) {
    const fs::path path(argv[i]);
    if (!fs::is_directory(path)) {
      replayed += replay(path) ? 1 : 0;
      continue;
    }
    for (const auto& entry : fs::directory_iterator(path)) replayed += replay(entry.path()) ? 1 : 0;
  }
  std::printf("%d inputs\n", replayed);
  return replayed > 0 ? 0 : 1;
}
