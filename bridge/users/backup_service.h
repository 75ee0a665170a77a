/// Backups of users, kept by the hub (docs/contract.md, section 7): made, listed, read, written, restored and deleted
/// by the user whose they are, and by admins. A backup is what `export` gives, without what is an admin's; so restoring
/// one gives nobody more than they have.
///
/// The web door is only a client of the broker, so the files are the bridge's (backup_files.h); a file goes up and down
/// in pieces.
///
/// Threading: loop only; files are touched on a thread of their own, one job at a time.   Lifetime: the loop outlives
/// it.   Errors: those of BackupFiles and ExportService; `busy` while another backup of the user's is made, written or
/// restored.   Bounds: piece_bytes_max; BackupFiles::Options.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <type_traits>

#include "bridge/pipeline/service.h"
#include "bridge/users/backup_files.h"
#include "bridge/users/export_service.h"
#include "bridge/users/file_thread.h"
#include "common/runtime/asio.h"

namespace strawberry::bridge {

class BackupService final : public RequestHandler {
 public:
  static constexpr std::size_t piece_bytes_max = 128 * 1024;

  /// `has_room`: whether the disk has room for more.
  BackupService(asio::io_context& loop, const Clock& clock, ExportService& exports, std::function<bool()> has_room,
                BackupFiles::Options options);

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return std::chrono::seconds(120); }

  /// All of the user's; without waiting.
  void forget(const std::string& user_id);

 private:
  using Outcome = Reply<nlohmann::json>;
  Task<Outcome> create(Request request);
  Task<Outcome> list(Request request);
  Task<Outcome> get(Request request);
  Task<Outcome> remove(Request request);
  Task<Outcome> read(Request request);
  Task<Outcome> write(Request request);
  Task<Outcome> restore(Request request);

  Task<Outcome> make(BackupInfo info);
  Task<Outcome> restore_from(Request request, std::string id);
  /// Runs on the thread of the files.
  template <class Work>
  Task<std::invoke_result_t<Work>> on_files(Work work);

  asio::io_context& loop_;
  const Clock& clock_;
  ExportService& exports_;
  const std::function<bool()> has_room_;
  const std::shared_ptr<const BackupFiles> files_;  // shared with the jobs
  // Shared with the coroutines, whose frames may outlive this object.
  const std::shared_ptr<std::set<std::string>> busy_users_ = std::make_shared<std::set<std::string>>();
  FileThread thread_;  // last: its jobs use what is before it
};

}  // namespace strawberry::bridge
