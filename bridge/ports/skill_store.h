/// The skills that devices offer.
///
/// Turns, threading, errors: as Storage (ports/storage.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/contract/error.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

struct SkillRow {
  std::string class_name;
  std::string function_name;
  std::string signature;
  std::string docstring;
  bool device_agnostic = false;
  bool confirm = false;
  std::string input_schema = {};  // JSON text of an ArgumentSchema's document; empty: the signature says it all
};

class SkillStore {
 public:
  virtual ~SkillStore() = default;

  /// Replaces everything the device had. Skills that are there already need no room.
  virtual Task<Reply<void>> put_skills(std::string user_id, std::string device_id, std::vector<SkillRow> skills,
                                       std::int64_t heartbeat_at_ms) = 0;
  virtual Task<Reply<void>> set_skills_heartbeat(std::string user_id, std::string device_id,
                                                 std::int64_t heartbeat_at_ms) = 0;
};

}  // namespace strawberry::bridge
