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
  const auto of_sender =
      std::count_if(open_.begin(), open_.end(), [&](const auto& entry) { return entry.second->asked_ == sender; });
  if (open_.size() >= options_.questions_max ||
      static_cast<std::size_t>(of_sender) >= options_.questions_per_principal_max)
    return nullptr;
  return std::make_shared<Question>(shared_from_this(), executor, sender);
}

bool Confirmations::answer(const Principal& sender, const std::string& id, bool is_allowed) {
  const auto found = open_.find(id);
  return found != open_.end() && found->second->asked_ == sender && found->second->allowed_.set(is_allowed);
}

}  // namespace strawberry::bridge
