/// Finds the programs of a hub and the patterns of its files: beside this program, in a build tree and in an installed
/// package.
///
///   BIN/strawberryctl        this program, beside strawberry-bridge and strawberry-gateway; in a build tree also
///                            strawberry-demo
///   BIN/../lib               the plugin: strawberry/strawberry_auth.so, in a build tree strawberry_auth.so
///   BIN/../share/strawberry  patterns and the program that makes certificates; in a build tree links to the sources
///
/// Threading: any, no state.   Errors: CliError, naming the missing file and how to get it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "cli/outcome.h"

namespace strawberry::cli {

struct Installation {
  std::string ctl;
  std::string bridge;
  std::string gateway;
  std::string demo;  // empty unless requested
  std::string plugin;
  std::string broker;
  std::string certificates;
  std::filesystem::path patterns;

  std::string bin() const { return std::filesystem::path(ctl).parent_path(); }
};

/// `program`: the path of this one. `search_path`: directories to search for the broker, as in $PATH, and /usr/sbin.
Outcome<Installation> find_installation(const std::filesystem::path& program, std::string_view search_path, bool demo);

}  // namespace strawberry::cli
