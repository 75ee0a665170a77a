/// A whole hub as users run it: scripts/run on a data directory of its own, with existing programs.
///
/// Lifetime: ready when constructed; killed with the object, including its broker and bridge.
/// Errors: throws with its output when the hub does not start.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace strawberry::test {

struct Finished {
  int code = -1;
  std::string output;
};

class HubRun {
 public:
  static constexpr std::chrono::seconds startup_timeout{30};

  /// `options` go to scripts/run, after --data-dir, --port and --build-dir.
  explicit HubRun(std::filesystem::path data_dir, int port, std::vector<std::string> options = {});

  /// Runs a scripts/run that is expected to end by itself.
  static Finished refused(const std::filesystem::path& data_dir, int port, std::vector<std::string> options = {});

  ChildProcess& script() { return *script_; }
  std::string output() const { return script_->output(); }
  /// The port in the data directory's endpoint file.
  int port() const;
  /// The current process of the broker, bridge or demo; 0 when there is none.
  int pid(const std::string& name) const;
  /// Sends SIGTERM; returns the exit code.
  int stop();

 private:
  std::filesystem::path data_dir_;
  std::unique_ptr<ChildProcess> script_;
};

/// Runs strawberryctl until it ends.
Finished control(std::vector<std::string> words, std::string input = {},
                 std::map<std::string, std::string> environment = {});

std::string content_of(const std::filesystem::path& path);
/// Permission bits; 0 when there is no such file.
unsigned mode_of(const std::filesystem::path& path);
std::string trimmed(std::string text);
/// The token that `token issue` printed: its first line; the rest is for people.
std::string first_line(const std::string& text);
std::size_t count_lines(const std::string& text);

}  // namespace strawberry::test
