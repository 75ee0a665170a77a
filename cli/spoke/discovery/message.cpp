#include "cli/spoke/discovery/message.h"

#include "common/contract/bounded_json.h"
#include "common/text/json_text.h"
#include "common/text/utf8.h"

namespace strawberry::cli::discovery {

using nlohmann::json;

const Message::Text& Message::text(const Template* how) {
  if (const auto there = texts_.find(how); there != texts_.end()) return there->second;
  if (!is_utf8(payload_)) return texts_[how] = tl::unexpected(TemplateFailure{"the payload is not UTF-8"});
  if (how == nullptr) return texts_[how] = payload_;
  if (!json_)
    json_ = nests_too_deep(payload_) ? undefined() : Value::parse(payload_, nullptr, /*allow_exceptions=*/false);
  Variables variables{{"value", &value_}};
  if (!is_undefined(*json_)) variables.emplace_back("value_json", &*json_);
  return texts_[how] = how->render(variables, now_);
}

std::shared_ptr<const json> Message::object(const Template* how, std::size_t bytes_max) {
  if (const auto there = objects_.find(how); there != objects_.end()) return there->second;
  auto& made = objects_[how];
  const Text& text = this->text(how);
  if (!text || text->size() > bytes_max || nests_too_deep(*text)) return made;
  json value = json_from(*text);
  if (value.is_object()) made = std::make_shared<const json>(std::move(value));
  return made;
}

}  // namespace strawberry::cli::discovery
