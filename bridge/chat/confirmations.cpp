#include "bridge/chat/confirmations.h"

#include <algorithm>
#include <utility>

#include "common/text/ids.h"

namespace strawberry::bridge {

Confirmations::Question::Question(std::shared_ptr<Confirmations> all, const asio::any_io_executor& executor,
                                  Principal asked)
    : all_(std::move(all)), id_(new_id()), asked_(std::move(asked)), allowed_(executor) {
  all_->open_.emplace(id_, this);
}

Confirmations::Question::~Question() { all_->open_.erase(id_); }

std::shared_ptr<Confirmations::Question> Confirmations::ask(const asio::any_io_executor& executor,
                                                            const Principal& sender) {
  std::size_t of_sender = 0;
  std::size_t of_user = 0;
  for (const auto& [id, question] : open_) {
    of_sender += question->asked_ == sender ? 1 : 0;
    of_user += question->asked_.user_id == sender.user_id ? 1 : 0;
  }
  // However many devices a user has, others can still be asked.
  const std::size_t share = std::max<std::size_t>(1, options_.questions_max / 4);
  if (open_.size() >= options_.questions_max || of_user >= share || of_sender >= options_.questions_per_principal_max)
    return nullptr;
  return std::make_shared<Question>(shared_from_this(), executor, sender);
}

bool Confirmations::answer(const Principal& sender, const std::string& id, bool is_allowed) {
  const auto found = open_.find(id);
  return found != open_.end() && found->second->asked_ == sender && found->second->allowed_.set(is_allowed);
}

}  // namespace strawberry::bridge
