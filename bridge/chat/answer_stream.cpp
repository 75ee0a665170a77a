#include "bridge/chat/answer_stream.h"

#include <utility>

#include "bridge/chat/chat_events.h"

namespace strawberry::bridge {

AnswerStream::AnswerStream(const asio::any_io_executor& executor, Emit emit, Waiting waiting,
                           std::shared_ptr<const AnswerFormat> format, AnswerHead head, Options options)
    : emit_(std::move(emit)),
      waiting_(std::move(waiting)),
      format_(std::move(format)),
      options_(options),
      head_(std::move(head)),
      text_(options.text),
      timer_(executor) {}

bool AnswerStream::is_too_much_waiting() const {
  if (!waiting_) return false;
  const Backlog backlog = waiting_();
  return backlog.messages > options_.backlog_messages_high || backlog.bytes > options_.backlog_bytes_high;
}

void AnswerStream::text(std::string_view piece) {
  text_.add(piece);
  if (is_held_) return;
  if (is_too_much_waiting()) return look_again();
  flush();
}

void AnswerStream::look_again() {
  is_held_ = true;
  timer_.expires_after(options_.look_again_after);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self) return;
    self->is_held_ = false;
    if (self->is_too_much_waiting()) return self->look_again();
    self->flush();
  });
}

void AnswerStream::flush() {
  while (auto piece = text_.take()) send_text(std::move(*piece));
}

void AnswerStream::send_text(std::string piece) {
  emit_(chat_event::delta, format_->text(head_, std::move(piece), std::exchange(is_first_, false)));
}

void AnswerStream::answered(const ModelReply& reply) {
  head_.model = reply.model;
  head_.provider = reply.provider;
  text_.answered(reply.content);
  if (!is_held_ && text_.has_text() && is_too_much_waiting()) look_again();
  if (!is_held_) flush();
}

void AnswerStream::event(const std::string& name, nlohmann::json data) {
  flush();
  emit_(name, std::move(data));
}

void AnswerStream::finish(const WholeAnswer& answer) {
  text_.answered(answer.content);
  give_up();
  if (!answer.client_calls.empty())
    emit_(chat_event::delta, format_->calls(head_, answer.client_calls, std::exchange(is_first_, false)));
  emit_(chat_event::delta, format_->end(head_, answer));
}

void AnswerStream::give_up() {
  flush();
  timer_.cancel();
}

}  // namespace strawberry::bridge
