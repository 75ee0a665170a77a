/// What was announced to Home Assistant, on disk: written before it is published, forgotten after the broker has taken
/// the message that clears it. Implemented by adapters/sqlite/.
///
/// Turns, threading, errors: as Storage (ports/storage.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/contract/error.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

/// `homeassistant/device/<id>/config` and the `state` beside it.
struct AnnouncedRow {
  std::string id;  // of a device, or of a user for the hub
  std::string user_id;
  std::int64_t config_hash = 0;
  std::vector<std::string> buttons;  // those it has, and those that are to be taken away

  bool operator==(const AnnouncedRow&) const = default;
};

class AnnouncementLedger {
 public:
  virtual ~AnnouncementLedger() = default;
  virtual Task<Reply<std::vector<std::string>>> announced_ids() = 0;
  /// Those that there are, in no order.
  virtual Task<Reply<std::vector<AnnouncedRow>>> find_announced(std::vector<std::string> ids) = 0;
  virtual Task<Reply<void>> put_announced(std::vector<AnnouncedRow> rows) = 0;
  virtual Task<Reply<void>> forget_announced(std::vector<std::string> ids) = 0;
};

}  // namespace strawberry::bridge
