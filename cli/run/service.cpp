#include "cli/run/service.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <utility>

namespace strawberry::cli {

Service::Service(asio::io_context& loop, std::string name, std::string pid_file, std::function<void()> on_end)
    : name_(std::move(name)), pid_file_(std::move(pid_file)), on_end_(std::move(on_end)), process_(loop) {}

Result<void> Service::start(ChildOptions options) {
  options.own_session = true;
  options.signal_at_parents_end = SIGTERM;
  restart_at.reset();
  end_.reset();
  auto child = start_child(options);
  if (!child) return tl::unexpected(child.error());
  pid_ = child->pid;
  started_ = std::chrono::steady_clock::now();
  boost::system::error_code closed;
  process_.close(closed);
  process_.assign(child->process.release());
  has_file_ = !pid_file_.empty();
  if (has_file_) std::ofstream(pid_file_, std::ios::trunc) << pid_ << "\n";
  watch();
  return {};
}

void Service::send(int signal) const {
  if (is_running()) ::kill(pid_, signal);
}

void Service::forget() {
  end_.reset();
  restart_at.reset();
  if (std::exchange(has_file_, false)) ::unlink(pid_file_.c_str());
}

/// Checks the process, since the event may be of a descriptor that was closed a moment ago and had the same number.
void Service::watch() {
  process_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& cancelled) {
    if (cancelled || !is_running()) return;
    if (!has_ended(pid_)) return watch();
    end_ = End{reap(pid_), age()};
    pid_ = -1;
    on_end_();
  });
}

}  // namespace strawberry::cli
