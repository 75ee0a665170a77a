/// A model as a process of its own that sends the words of a Speech to many clients at once.
///
/// Life: ready when constructed, gone with the object.   Errors: throws.
#pragma once

#include <map>
#include <string>

#include "tests/bench/stream_round.h"
#include "tests/support/child_process.h"

namespace strawberry::bench {

class StreamModel {
 public:
  explicit StreamModel(const Speech& speech);
  int pid() const { return process_.pid(); }
  /// For a bridge that uses it.
  std::map<std::string, std::string> environment() const;

 private:
  test::ChildProcess process_;
};

}  // namespace strawberry::bench
