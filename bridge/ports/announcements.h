/// The ledger of announcements to Home Assistant, on disk: an entry is written before it is published, and removed
/// after the broker has accepted the message that clears it. Implemented by adapters/sqlite/.
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
  std::vector<std::string> buttons;  // the present ones, and those that are to be removed

  bool operator==(const AnnouncedRow&) const = default;
};

class AnnouncementLedger {
 public:
  virtual ~AnnouncementLedger() = default;
  virtual Task<Reply<std::vector<std::string>>> announced_ids() = 0;
  /// Returns the existing entries among them, in no order.
  virtual Task<Reply<std::vector<AnnouncedRow>>> find_announced(std::vector<std::string> ids) = 0;
  virtual Task<Reply<void>> put_announced(std::vector<AnnouncedRow> rows) = 0;
  virtual Task<Reply<void>> forget_announced(std::vector<std::string> ids) = 0;
};

}  // namespace strawberry::bridge
