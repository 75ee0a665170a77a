/// Messages that the hub does not have yet: a private file with a JSON object a line, that survives restarts.
///
/// A message is on disk when add() returns. Messages that the hub has are removed later: if the process dies in
/// between, they are sent again under the same ids, and the hub changes nothing.
/// Threading: one at a time.   Lifetime: only this process may use the file meanwhile (`FILE.lock`).
/// Errors: HubError: `quota_exceeded` when it is full, `bad_request` for a message that the hub would refuse,
/// `internal` for the file itself.   Bounds: Options; unreadable lines, and messages that the hub refuses for good, go
/// to `FILE.refused`.
#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <string>

#include "common/text/clock.h"
#include "common/text/file_descriptor.h"
#include "sdk/cpp/include/strawberry/spoke.h"
#include "sdk/cpp/src/say.h"

namespace strawberry::sdk {

class OfflineFile {
 public:
  struct Options {
    std::size_t messages_max = 10'000;
    std::size_t bytes_max = 16 * 1024 * 1024;
    std::size_t batch_bytes_max = 180 * 1024;  // a request has at most 256 KiB
    std::size_t batch_sessions_max = 100;
    std::size_t batch_messages_max = 1'000;
  };

  /// Reads the existing file.
  OfflineFile(std::string path, Options options, Say say);

  /// Returns the message's id.
  std::string add(const Said& said, WallTime now);
  std::size_t size() const { return entries_.size(); }

  struct Batch {
    nlohmann::json sessions = nlohmann::json::array();  // of a `sync`
    std::size_t count = 0;                              // of the oldest messages
  };
  Batch oldest() const;
  /// Called when the hub has the `count` oldest.
  void taken(std::size_t count);
  /// Called when the hub will never take this session's messages; empty: the `count` oldest.
  void set_aside(const std::string& session_id, std::size_t count);
  /// Rewrites the file without the messages that the hub has.
  void compact();

 private:
  struct Entry {
    nlohmann::json value;
    std::size_t bytes = 0;
  };
  void lock();
  void load();
  void append(const std::string& line);
  void keep_aside(const std::string& lines) const;

  const std::string path_;
  const Options options_;
  const Say say_;
  FileDescriptor lock_;
  FileDescriptor file_;
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
  std::size_t taken_bytes_ = 0;  // still in the file
};

}  // namespace strawberry::sdk
