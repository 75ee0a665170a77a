/// The data directory of a hub that is about to run: one hub for each, and nothing of an earlier one in the way.
///
/// Life: the lock (flock on DIRECTORY/run.lock, which has this process's number) is held while the object lives, and
/// goes with the process, however that ends.   Threading: any one thread.
/// Errors: CliError with ExitCode::refused, one line with what to do.
#pragma once

#include <optional>
#include <string>

#include "cli/outcome.h"
#include "common/text/file_descriptor.h"

namespace strawberry::cli {

struct HubDirectory {
  std::string path;   // absolute, without links
  std::string shown;  // as people type it here
  bool is_new = false;
  FileDescriptor lock;

  std::string file(const std::string& name) const { return path + "/" + name; }
  std::string log(const std::string& name) const { return path + "/log/" + name + ".log"; }
  std::string pid_file(const std::string& name) const { return file(name + ".pid"); }
};

/// Makes the directory if it does not exist. From here on what this process makes is its user's alone (umask).
Outcome<HubDirectory> take_hub_directory(const std::string& typed);

/// Refuses a directory that other users may enter.
Outcome<void> check_private(const HubDirectory& directory);

/// The process that an earlier run left behind under this name: a pidfd. Nothing if no such process runs.
std::optional<FileDescriptor> find_leftover(const HubDirectory& directory, const std::string& name,
                                            const std::string& program);

/// The path of the broker's Unix socket, where nothing is now; empty when it is longer than the system allows.
/// Mosquitto would take the place of any file of that name, so what is no abandoned socket is an error.
Outcome<std::string> free_socket(const HubDirectory& directory);

}  // namespace strawberry::cli
