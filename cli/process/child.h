/// Starts another program, for `strawberryctl run` and `strawberryctl spoke`.
///
/// The program has no signal blocked or ignored, reads /dev/null unless it is given an input, and has no open file of
/// this process except those that it is given.
///
/// Threading: loop only: the kernel ties signal_at_parents_end to the thread that started the program.
/// Errors: Failure, one sentence with the program's name.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "common/text/file_descriptor.h"
#include "common/text/result.h"

namespace strawberry::cli {

struct ChildOptions {
  std::vector<std::string> argv;         // found by PATH when it has no slash
  std::vector<std::string> environment;  // complete, each NAME=value
  std::string directory;                 // working directory; empty: this process's
  int input = -1;                        // its standard input; negative: /dev/null
  int output = -1;                       // its standard output; negative: this process's own
  int error = -1;                        // its standard error, likewise
  int third = -1;                        // its descriptor 3; negative: it has none
  bool own_session = false;              // if false, it leads a process group of its own in this session
  int signal_at_parents_end = 0;         // signal that the kernel sends it when this process ends; 0: none
};

/// The handles of a running program. Its owner reaps it.
struct Child {
  pid_t pid = -1;
  FileDescriptor process;  // a pidfd: readable when the program has ended
};

struct Pipe {
  FileDescriptor reader;
  FileDescriptor writer;
};
/// Close-on-exec. Returns nullopt on failure, with errno.
std::optional<Pipe> make_pipe();
/// Returns false on failure, with errno.
bool do_not_block(int fd);

Result<Child> start_child(const ChildOptions& options);

/// Returns whether this child has ended. It must not have been reaped.
bool has_ended(pid_t child);
/// Waits for its end; returns the status of waitpid().
int reap(pid_t child);

}  // namespace strawberry::cli
