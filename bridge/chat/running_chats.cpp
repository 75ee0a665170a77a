#include "bridge/chat/running_chats.h"

#include <utility>
#include <vector>

namespace strawberry::bridge {

RunningChats::Chat::Chat(std::shared_ptr<RunningChats> all, const asio::any_io_executor& executor, Principal sender,
                         std::string correlation_id, std::string line)
    : all_(std::move(all)),
      sender_(std::move(sender)),
      correlation_id_(std::move(correlation_id)),
      line_(std::move(line)),
      ending_(std::make_shared<Ending>(executor)) {
  all_->by_sender_id_.emplace(sender_.id, this);
}

RunningChats::Chat::~Chat() {
  const auto [first, last] = all_->by_sender_id_.equal_range(sender_.id);
  for (auto entry = first; entry != last; ++entry) {
    if (entry->second != this) continue;
    all_->by_sender_id_.erase(entry);
    return;
  }
}

void RunningChats::Chat::Ending::stop_work() {
  is_stopped = true;
  stop.emit(asio::cancellation_type::terminal);
}

bool RunningChats::Chat::is_stopped_by(const Error& why) {
  if (is_decided_) return false;
  is_decided_ = true;
  const auto ending = ending_;  // the chat may be destroyed before this returns
  if (!ending->answer.set(tl::unexpected<Error>(why))) return false;
  ending->stop_work();
  return true;
}

std::shared_ptr<RunningChats::Chat> RunningChats::begin(const asio::any_io_executor& executor, const Principal& sender,
                                                        std::string correlation_id, std::string line) {
  std::size_t taken = 0;
  const auto [first, last] = by_sender_id_.equal_range(sender.id);
  for (auto entry = first; entry != last; ++entry) taken += entry->second->sender_ == sender ? 1 : 0;
  if (taken >= chats_per_principal_max_) return nullptr;
  return std::make_shared<Chat>(shared_from_this(), executor, sender, std::move(correlation_id), std::move(line));
}

bool RunningChats::cancel(const Principal& sender, const std::string& correlation_id) {
  const auto [first, last] = by_sender_id_.equal_range(sender.id);
  for (auto entry = first; entry != last; ++entry) {
    Chat& chat = *entry->second;
    if (chat.sender_ == sender && chat.correlation_id_ == correlation_id)
      return chat.is_stopped_by({ErrorCode::cancelled, "the chat was cancelled; skills it called may have run", {}});
  }
  return false;
}

std::size_t RunningChats::sender_left(const std::string& device_id) {
  return stop_of(device_id, PrincipalType::device, "the device left");
}

std::size_t RunningChats::standing_changed(const std::string& user_id) {
  return stop_of(user_id, PrincipalType::user, "the user was disabled, or has another role or house now");
}

std::size_t RunningChats::stop_of(const std::string& id, PrincipalType type, const std::string& why) {
  std::vector<Chat*> chats;
  const auto [first, last] = by_sender_id_.equal_range(id);
  for (auto entry = first; entry != last; ++entry)
    if (entry->second->sender_.type == type) chats.push_back(entry->second);
  return stop_all(chats, why);
}

std::size_t RunningChats::line_revoked(const std::string& line) {
  std::vector<Chat*> chats;
  for (const auto& [id, chat] : by_sender_id_)
    if (!line.empty() && chat->line_ == line) chats.push_back(chat);
  return stop_all(chats, "the token was revoked");
}

std::size_t RunningChats::stop_all(const std::vector<Chat*>& chats, const std::string& why) {
  std::size_t stopped = 0;
  for (Chat* chat : chats)
    stopped += chat->is_stopped_by({ErrorCode::cancelled, why + "; skills the chat called may have run", {}}) ? 1 : 0;
  return stopped;
}

}  // namespace strawberry::bridge
