#include "cli/line_reader.h"

#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <thread>

#include "common/runtime/asio.h"

namespace strawberry::cli {

struct LineReader::Shared {
  std::mutex mutex;
  std::condition_variable wanted;
  asio::io_context* loop = nullptr;        // null once the reader is gone
  std::shared_ptr<OneShot<Line>> waiting;  // next() of the loop, if any
  std::string prompt;
  bool remember = false;
  std::size_t bytes_max = line_bytes_max;
  std::unique_ptr<LineEditor> editor;

  static void read_lines(const std::shared_ptr<Shared>& shared);
};

namespace {

/// Reads one byte at a time: the bytes after the line end belong to the next reader of this input.
LineReader::Line read_line(std::size_t bytes_max) {
  std::string line;
  char c = 0;
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return line.empty() ? LineReader::Line() : LineReader::Line(line);
    if (c == '\n') return line;
    if (line.size() < bytes_max) line += c;
  }
}

}  // namespace

void LineReader::Shared::read_lines(const std::shared_ptr<Shared>& shared) {
  while (true) {
    std::string prompt;
    bool remember = false;
    {
      std::unique_lock lock(shared->mutex);
      shared->wanted.wait(lock, [&] { return shared->waiting || shared->loop == nullptr; });
      if (shared->loop == nullptr) return;
      prompt = shared->prompt;
      remember = shared->remember;
    }
    Line line;
    if (shared->editor) {
      line = shared->editor->read(prompt, remember);
    } else {
      std::cout << prompt << std::flush;
      line = read_line(shared->bytes_max);
    }
    const std::lock_guard lock(shared->mutex);
    if (shared->loop == nullptr) return;
    asio::post(*shared->loop, [waiting = std::move(shared->waiting), line = std::move(line)] { waiting->set(line); });
    shared->waiting.reset();
  }
}

LineReader::LineReader(asio::io_context& loop, std::unique_ptr<LineEditor> editor, std::size_t bytes_max)
    : shared_(std::make_shared<Shared>()) {
  shared_->loop = &loop;
  shared_->bytes_max = bytes_max;
  shared_->editor = std::move(editor);
  std::thread(&Shared::read_lines, shared_).detach();
}

LineReader::~LineReader() {
  const std::lock_guard lock(shared_->mutex);
  shared_->loop = nullptr;
  shared_->waiting.reset();
  shared_->wanted.notify_one();
  if (shared_->editor) shared_->editor->restore_terminal();
}

void LineReader::complete_with(std::vector<std::string> words) {
  if (shared_->editor) shared_->editor->complete_with(std::move(words));
}

Task<LineReader::Line> LineReader::next(std::string prompt, bool remember) {
  const auto arrived = std::make_shared<OneShot<Line>>(shared_->loop->get_executor());
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->waiting = arrived;
    shared_->prompt = std::move(prompt);
    shared_->remember = remember;
  }
  shared_->wanted.notify_one();
  std::optional<Line> line = co_await arrived->wait();
  co_return line ? std::move(*line) : Line();
}

}  // namespace strawberry::cli
