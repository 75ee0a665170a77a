#include "cli/spoke/mcp/process_transport.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "cli/process/child.h"
#include "cli/text.h"
#include "common/text/file_descriptor.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

/// Limit of the output read after a process has ended.
constexpr std::size_t drained_bytes_max = 8 * 1024 * 1024;
constexpr std::size_t rubbish_lines_max = 1'000;  // in a row

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return "it was ended by signal " + std::to_string(WTERMSIG(status));
  return "it ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

/// Shared with its own waits.
class ProcessTransport::Process : public std::enable_shared_from_this<ProcessTransport::Process> {
 public:
  Process(asio::io_context& loop, Events events)
      : events_(std::move(events)), process_(loop), input_(loop), output_(loop), error_(loop), patience_(loop) {}

  Result<void> spawn(const Options& options) {
    auto input = make_pipe();
    auto output = make_pipe();
    auto error = make_pipe();
    if (!input || !output || !error) return fail("no pipes for the server");
    ChildOptions child_options;
    child_options.argv = options.argv;
    child_options.environment = options.environment;
    child_options.input = input->reader.get();
    child_options.output = output->writer.get();
    child_options.error = error->writer.get();
    child_options.signal_at_parents_end = SIGTERM;
    auto child = start_child(child_options);
    if (!child) return tl::unexpected(child.error());
    pid_ = child->pid;
    if (!do_not_block(input->writer.get()) || !do_not_block(output->reader.get()) || !do_not_block(error->reader.get()))
      return fail("the server's pipes cannot be used");
    boost::system::error_code refused;
    process_.assign(child->process.release(), refused);
    if (!refused) input_.assign(input->writer.release(), refused);
    if (!refused) output_.assign(output->reader.release(), refused);
    if (!refused) error_.assign(error->reader.release(), refused);
    if (refused) return fail("the server's pipes cannot be used: " + refused.message());
    return {};
  }

  void watch() {
    watch_process();
    read(output_, &Process::take_output);
    read(error_, &Process::take_error);
  }

  Result<void> send(std::string line) {
    if (pid_ < 0) return fail("the server has ended");
    if (unsent_.size() + line.size() > unsent_bytes_max) return fail("the server does not read what it is sent");
    unsent_ += line;
    unsent_ += '\n';
    write();
    return {};
  }

  void stop() {
    events_ = {};
    patience_.cancel();
    boost::system::error_code ignored;
    input_.close(ignored);  // tells the server to end
    if (pid_ > 0) {
      ::kill(-pid_, SIGTERM);
      wait_for_end(stop_wait / 2);
      if (pid_ > 0) ::kill(-pid_, SIGKILL);
      wait_for_end(stop_wait / 2);
    }
    pid_ = -1;
    process_.close(ignored);
    output_.close(ignored);
    error_.close(ignored);
  }

 private:
  using Take = void (Process::*)(std::string_view);
  using Stream = asio::posix::stream_descriptor;

  void wait_for_end(std::chrono::milliseconds patience) {
    if (pid_ < 0) return;
    pollfd ended{process_.is_open() ? process_.native_handle() : -1, POLLIN, 0};
    ::poll(&ended, 1, static_cast<int>(patience.count()));
    if (!has_ended(pid_)) return;
    ::kill(-pid_, SIGKILL);  // before it is reaped: until then the group's number cannot be reused
    reap(pid_);
    pid_ = -1;
  }

  /// Checks the process, since the event may be of a descriptor that was closed a moment ago and had the same number.
  void watch_process() {
    process_.async_wait(Stream::wait_read, [self = shared_from_this()](const boost::system::error_code& cancelled) {
      if (cancelled || self->pid_ < 0) return;
      has_ended(self->pid_) ? self->ended() : self->watch_process();
    });
  }

  void read(Stream& stream, Take take) {
    stream.async_wait(
        Stream::wait_read, [self = shared_from_this(), &stream, take](const boost::system::error_code& cancelled) {
          if (cancelled) return;
          const ssize_t bytes = ::read(stream.native_handle(), self->buffer_.data(), self->buffer_.size());
          if (bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR)) return self->closed(stream);
          if (bytes > 0) (self.get()->*take)({self->buffer_.data(), static_cast<std::size_t>(bytes)});
          if (stream.is_open()) self->read(stream, take);
        });
  }

  void closed(const Stream& stream) {
    if (&stream != &output_ || pid_ < 0) return;
    // Usually its end follows at once. A server that continues without an output cannot answer any more.
    patience_.expires_after(stop_wait);
    patience_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
      if (!cancelled) self->end_because("it closed its standard output");
    });
  }

  void take_output(std::string_view bytes) {
    while (!bytes.empty() && events_.on_message) {
      const auto end = bytes.find('\n');
      line_.append(bytes.substr(0, end));
      if (line_.size() > message_bytes_max)
        return end_because("it sent a line of more than " + std::to_string(message_bytes_max) + " bytes");
      if (end == std::string_view::npos) return;
      bytes.remove_prefix(end + 1);
      const std::string line = std::exchange(line_, {});
      take_line(line);
    }
  }

  void take_line(const std::string& line) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) return;
    auto messages = read_rpc(line);
    if (messages.empty()) {
      if (rubbish_lines_++ == 0) remark("wrote a line that is no message: " + in_quotes(line, 100));
      if (rubbish_lines_ > rubbish_lines_max)
        end_because("it wrote " + std::to_string(rubbish_lines_max) + " lines in a row that are no messages");
      return;
    }
    rubbish_lines_ = 0;
    for (RpcMessage& message : messages) {
      const auto on_message = events_.on_message;
      if (on_message) on_message(std::move(message));
    }
  }

  void take_error(std::string_view bytes) {
    for (const char c : bytes) {
      if (c != '\n') {
        if (error_line_.size() < remark_bytes_max) error_line_ += c;
        continue;
      }
      if (!error_line_.empty()) last_words_ = error_line_;
      if (!error_line_.empty()) remark(std::exchange(error_line_, {}));
    }
  }

  void remark(const std::string& line) {
    const auto now = std::chrono::steady_clock::now();
    if (now - second_began_ >= std::chrono::seconds(1)) {
      if (unsaid_ > 0 && events_.on_remark) events_.on_remark(std::to_string(unsaid_) + " lines of it were left out");
      second_began_ = now;
      said_ = unsaid_ = 0;
    }
    if (++said_ > remarks_per_second) {
      ++unsaid_;
    } else if (events_.on_remark) {
      events_.on_remark(printable(line, remark_bytes_max));
    }
  }

  void write() {
    if (is_writing_ || unsent_.empty() || !input_.is_open()) return;
    is_writing_ = true;
    input_.async_wait(Stream::wait_write, [self = shared_from_this()](const boost::system::error_code& cancelled) {
      self->is_writing_ = false;
      if (cancelled) return;
      const ssize_t bytes = ::write(self->input_.native_handle(), self->unsent_.data(), self->unsent_.size());
      if (bytes < 0 && errno != EAGAIN && errno != EINTR) return self->unsent_.clear();  // its end is handled elsewhere
      if (bytes > 0) self->unsent_.erase(0, static_cast<std::size_t>(bytes));
      self->write();
    });
  }

  void end_because(const std::string& why) {
    if (!killed_because_.empty()) return;
    killed_because_ = why + " and was killed";
    line_.clear();
    boost::system::error_code ignored;
    output_.close(ignored);
    if (pid_ > 0) ::kill(-pid_, SIGKILL);
  }

  void drain(Stream& stream, Take take) {
    for (std::size_t drained = 0; drained < drained_bytes_max && stream.is_open();) {
      const ssize_t bytes = ::read(stream.native_handle(), buffer_.data(), buffer_.size());
      if (bytes < 0 && errno == EINTR) continue;
      if (bytes <= 0) return;
      (this->*take)({buffer_.data(), static_cast<std::size_t>(bytes)});
      drained += static_cast<std::size_t>(bytes);
    }
  }

  void ended() {
    ::kill(-pid_, SIGKILL);  // the rest of its group; before it is reaped, so the number is still its own
    drain(output_, &Process::take_output);
    drain(error_, &Process::take_error);
    const int status = reap(pid_);
    pid_ = -1;
    std::string why = killed_because_.empty() ? how_it_ended(status) : killed_because_;
    if (killed_because_.empty() && status != 0 && !last_words_.empty()) why += ": " + printable(last_words_, 300);
    const auto on_end = events_.on_end;
    stop();
    if (on_end) on_end(why);
  }

  Events events_;
  pid_t pid_ = -1;  // until it is reaped
  Stream process_;
  Stream input_;
  Stream output_;
  Stream error_;
  asio::steady_timer patience_;
  std::array<char, 64 * 1024> buffer_{};
  std::string line_;
  std::string error_line_;
  std::string last_words_;
  std::string unsent_;
  bool is_writing_ = false;
  std::size_t rubbish_lines_ = 0;
  std::string killed_because_;
  std::chrono::steady_clock::time_point second_began_{};
  int said_ = 0;
  int unsaid_ = 0;
};

ProcessTransport::ProcessTransport(asio::io_context& loop, Options options)
    : loop_(loop), options_(std::move(options)) {}

ProcessTransport::~ProcessTransport() { stop(); }

Result<void> ProcessTransport::start(Events events) {
  // A server that ends while it is written to must not end this process.
  ::signal(SIGPIPE, SIG_IGN);
  process_ = std::make_shared<Process>(loop_, std::move(events));
  auto spawned = process_->spawn(options_);
  if (!spawned) {
    stop();
    return spawned;
  }
  process_->watch();
  return {};
}

Result<void> ProcessTransport::send(const json& message) {
  if (!process_) return fail("the server does not run");
  return process_->send(to_text(message));
}

void ProcessTransport::cancel(std::int64_t id) {
  if (process_) (void)process_->send(to_text(rpc_cancelled(id)));
}

void ProcessTransport::stop() {
  if (const auto process = std::exchange(process_, nullptr)) process->stop();
}

}  // namespace strawberry::cli
