#include "cli/spoke/mcp/tool_result.h"

#include <string>
#include <utility>

#include "cli/text.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t word_bytes_max = 200;

/// Collects lines up to a limit.
class Text {
 public:
  explicit Text(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void add(std::string_view part) {
    if (has_part_) append("\n");
    has_part_ = true;
    append(part);
  }
  std::string take() && {
    if (cut_ == 0) return std::move(text_);
    std::size_t end = text_.size();
    while (end > 0 && (static_cast<unsigned char>(text_[end - 1]) & 0xC0U) == 0x80U) --end;
    if (end > 0 && (static_cast<unsigned char>(text_[end - 1]) & 0x80U) != 0) --end;
    text_.resize(end);
    return text_ + "\n[cut here: " + std::to_string(cut_) + " bytes more]";
  }

 private:
  void append(std::string_view part) {
    const std::size_t room = bytes_max_ - text_.size();
    text_ += part.substr(0, room);
    if (part.size() > room) cut_ += part.size() - room;
  }

  const std::size_t bytes_max_;
  std::string text_;
  std::size_t cut_ = 0;
  bool has_part_ = false;
};

std::string word(const json& part, const char* member) { return printable(text_member(part, member), word_bytes_max); }

/// Returns the size of base64 text of this length.
std::string size_of(const json& part, const char* member) {
  return std::to_string(text_member(part, member).size() / 4 * 3) + " bytes";
}

std::string left_out(const std::string& what, const json& part, const char* member) {
  const std::string type = word(part, "mimeType");
  return "[" + what + (type.empty() ? "" : " " + type) + ", " + size_of(part, member) + ": not passed on]";
}

void add_part(Text& text, const json& part) {
  const std::string type = text_member(part, "type");
  if (type == "text") return text.add(text_member(part, "text"));
  if (type == "image" || type == "audio") return text.add(left_out(type, part, "data"));
  if (type == "resource_link") return text.add("[resource " + word(part, "uri") + " " + word(part, "name") + "]");
  if (type == "resource") {
    const json resource = part.value("resource", json());
    const std::string content = text_member(resource, "text");
    if (!content.empty()) return text.add(content);
    return text.add(left_out("resource " + word(resource, "uri"), resource, "blob"));
  }
  text.add("[content of the unknown type " + in_quotes(type, word_bytes_max) + ": not passed on]");
}

std::string text_of(const json& content, std::size_t bytes_max) {
  Text text(bytes_max);
  std::size_t count = 0;
  for (const json& part : content) {
    if (count++ == content_max) {
      text.add("[" + std::to_string(content.size() - content_max) + " more parts: not passed on]");
      break;
    }
    if (part.is_object()) add_part(text, part);
  }
  return std::move(text).take();
}

}  // namespace

Result<json> skill_result(const json& result) {
  if (!result.is_object()) return fail("the server's answer is not understood: it is no object");
  if (text_member(result, "resultType") == "input_required")
    return fail("the tool asks for more input, which a skill cannot give");
  const json content = result.value("content", json::array());
  const json structured = result.value("structuredContent", json());
  if (!content.is_array()) return fail("the server's answer is not understood: content is no array");
  if (result.value("isError", json()) == true) {
    const std::string said = text_of(content, tool_error_bytes_max);
    return fail(said.empty() ? "the tool failed and did not say why" : said);
  }
  if (structured.is_null()) return json(text_of(content, result_bytes_max));
  const std::string text = to_text(structured);
  if (text.size() <= result_bytes_max) return structured;
  Text cut(result_bytes_max);
  cut.add(text);
  return json(std::move(cut).take());
}

}  // namespace strawberry::cli
