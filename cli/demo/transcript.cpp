#include "cli/demo/transcript.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace strawberry::cli {
namespace {

constexpr std::size_t name_columns = 20;

struct Look {
  const char* sign;
  const char* colour;
};
constexpr std::array<Look, 4> looks{{{"→", "\x1b[36m"}, {"←", "\x1b[32m"}, {"♪", "\x1b[35m"}, {"·", "\x1b[33m"}}};

}  // namespace

Transcript::Transcript() : colours_(::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr) {}

void Transcript::line(Kind kind, const std::string& who, const std::string& what) const {
  const Look& look = looks.at(static_cast<std::size_t>(kind));
  std::string name = who;
  if (name.size() < name_columns) name.resize(name_columns, ' ');
  if (colours_) {
    std::cout << "  \x1b[1m" << name << "\x1b[0m " << look.colour << look.sign << " " << what << "\x1b[0m" << std::endl;
  } else {
    std::cout << "  " << name << " " << look.sign << " " << what << std::endl;
  }
}

void Transcript::line(Kind kind, const std::string& who, const std::string& what, Time start) const {
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), took.count() < 10 ? "%.1f ms" : "%.0f ms", took.count());
  line(kind, who, what + "   " + (colours_ ? "\x1b[0m\x1b[2m" : "") + text.data());
}

}  // namespace strawberry::cli
