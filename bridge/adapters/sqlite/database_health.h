/// How a database file is, for whoever looks for what is wrong: read, checked, and its write lock taken and given back.
///
/// Threading: any one thread.   Errors: Failure when it cannot be read as a database at all. Nothing is changed.
#pragma once

#include <string>

#include "common/text/result.h"

namespace strawberry::bridge {

struct DatabaseHealth {
  int version = 0;
  std::string damage;         // the first thing that SQLite's quick check found; empty: none
  std::string write_problem;  // why it cannot be written; empty: it can
};
Result<DatabaseHealth> examine_database(const std::string& path);

}  // namespace strawberry::bridge
