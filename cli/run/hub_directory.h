/// The data directory of a hub that is about to run: makes sure that no other hub, and no leftover of one, uses it.
///
/// Lifetime: the lock (flock on DIRECTORY/run.lock, which has this process's number) is held while the object exists,
/// and ends with the process in any case.   Threading: any one thread.
/// Errors: CliError with ExitCode::refused, one line with the remedy.
#pragma once

#include <optional>
#include <string>

#include "cli/outcome.h"
#include "common/text/file_descriptor.h"

namespace strawberry::cli {

struct HubDirectory {
  std::string path;     // absolute, without links
  std::string shown;    // as people type it in this directory
  bool is_new = false;  // has no keys yet
  FileDescriptor lock;

  std::string file(const std::string& name) const { return path + "/" + name; }
  std::string log(const std::string& name) const { return path + "/log/" + name + ".log"; }
  std::string pid_file(const std::string& name) const { return file(name + ".pid"); }
};

/// Makes the directory if it does not exist. From here on only this process's user may access new files (umask).
Outcome<HubDirectory> take_hub_directory(const std::string& typed);

/// Refuses a directory that other users may enter.
Outcome<void> check_private(const HubDirectory& directory);

/// Finds the process that an earlier run left behind under this name: a pidfd. Nullopt if no such process runs.
std::optional<FileDescriptor> find_leftover(const HubDirectory& directory, const std::string& name,
                                            const std::string& program);

/// Returns an unused path for the broker's Unix socket; empty when it is longer than the system allows. Mosquitto would
/// replace any file of that name, so any file but an abandoned socket is an error.
Outcome<std::string> free_socket(const HubDirectory& directory);

}  // namespace strawberry::cli
