#include "bridge/devices/plugin_control.h"

#include <utility>

namespace strawberry::bridge {

PluginControl::PluginControl(asio::io_context& loop, const Clock& clock, std::function<bool(MqttMessage)> publish,
                             Options options)
    : context_(loop), clock_(clock), publish_(std::move(publish)), options_(options), patience_(loop) {}

Task<void> PluginControl::changed(std::vector<std::string> ids) {
  affinity_.check();
  if (waiting_ + ids.size() > options_.waiting_max || ids.size() > control_ids_max) co_return;
  if (!answers_ && clock_.steady_now() < try_again_) co_return;
  const bool waits = answers_;
  const auto batch = add(std::move(ids));
  if (batches_.front() == batch && batch->number == 0) send_next();
  if (waits && !batch->is_done) co_await batch->done.async_wait(asio::as_tuple(asio::use_awaitable));
}

/// To the last batch that has not been sent and has room, or to a new one. A batch has no number before it is sent.
std::shared_ptr<PluginControl::Batch> PluginControl::add(std::vector<std::string> ids) {
  waiting_ += ids.size();
  if (batches_.empty() || batches_.back()->number != 0 || batches_.back()->ids.size() + ids.size() > control_ids_max) {
    batches_.push_back(std::make_shared<Batch>(context_));
  }
  auto& batch = batches_.back();
  batch->ids.insert(batch->ids.end(), std::make_move_iterator(ids.begin()), std::make_move_iterator(ids.end()));
  return batch;
}

void PluginControl::send_next() {
  if (batches_.empty()) return;
  Batch& batch = *batches_.front();
  batch.number = ++last_number_;
  MqttMessage message;
  message.topic = control_topic;
  message.payload = write_change({batch.number, batch.ids});
  if (!publish_(std::move(message))) return give_up();
  patience_.expires_after(options_.patience);
  patience_.async_wait([this, number = batch.number](const boost::system::error_code& cancelled) {
    if (!cancelled && !batches_.empty() && batches_.front()->number == number) give_up();
  });
}

void PluginControl::response_arrived(std::string_view payload) {
  const auto number = read_acknowledgement(payload);
  if (!number || *number > last_number_) return;
  answers_ = true;
  if (batches_.empty() || batches_.front()->number != *number) return;
  patience_.cancel();
  finish_first();
  send_next();
}

void PluginControl::finish_first() {
  const auto batch = std::move(batches_.front());
  batches_.pop_front();
  waiting_ -= batch->ids.size();
  batch->is_done = true;
  batch->done.cancel();
}

void PluginControl::give_up() {
  answers_ = false;
  try_again_ = clock_.steady_now() + options_.retry_after;
  while (!batches_.empty()) finish_first();
}

void PluginControl::lost() {
  patience_.cancel();
  while (!batches_.empty()) finish_first();
  answers_ = true;
}

}  // namespace strawberry::bridge
