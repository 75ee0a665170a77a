#include "bridge/llm/streamed_answer.h"

#include <utility>

#include "common/runtime/asio.h"

namespace strawberry::bridge {
namespace {

std::string ms(std::chrono::milliseconds time) { return std::to_string(time.count()) + " ms"; }

}  // namespace

StreamedAnswer::StreamedAnswer(const asio::any_io_executor& executor, std::unique_ptr<StreamReader> reader,
                               StreamReader::OnText on_text, Limits limits)
    : limits_(limits),
      reader_(std::move(reader)),
      on_text_([this, on_text = std::move(on_text)](std::string_view text) {
        if (text.empty()) return;
        shown_bytes_ += text.size();
        on_text(text);
      }),
      timer_(executor),
      made_at_(Time::clock::now()),
      silent_until_(made_at_ + limits.first_token) {}

bool StreamedAnswer::take(std::string_view bytes) {
  if (outcome_) return true;  // nothing but the end is waited for
  const bool wants_more = reader_->feed(bytes, on_text_);
  if (pieces_ == 0 && reader_->pieces() > 0) began_after_ = Time::clock::now() - made_at_;
  if (reader_->pieces() != pieces_) may_be_silent_for(limits_.idle);
  pieces_ = reader_->pieces();
  if (wants_more) return true;
  outcome_ = reader_->finish();
  may_be_silent_for(limits_.linger);
  return outcome_->has_value();
}

/// A piece costs a timer only when the watch would wake too late.
void StreamedAnswer::may_be_silent_for(std::chrono::milliseconds time) {
  silent_until_ = Time::clock::now() + time;
  if (silent_until_ < timer_.expiry()) timer_.cancel();
}

Task<std::string> StreamedAnswer::watch() {
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  while (Time::clock::now() < silent_until_ && cancellation.cancelled() == asio::cancellation_type::none) {
    timer_.expires_at(silent_until_);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (pieces_ == 0) co_return "no answer began within " + ms(limits_.first_token);
  co_return "the answer stopped in the middle: nothing more came for " + ms(limits_.idle);
}

StreamedAnswer::Outcome StreamedAnswer::finish() {
  if (!outcome_) outcome_ = reader_->finish();
  return std::move(*outcome_);
}

}  // namespace strawberry::bridge
