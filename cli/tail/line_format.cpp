#include "cli/tail/line_format.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "cli/terminal.h"
#include "cli/text.h"
#include "common/contract/correlation_id.h"

namespace strawberry::cli {
namespace {

constexpr std::size_t who_columns = 19;
constexpr std::size_t op_columns = 16;
constexpr std::size_t id_columns = 36;  // width of the ids that the hub makes
constexpr std::size_t id_bytes_max = 256;
constexpr std::size_t columns_min = 60;
constexpr std::size_t bytes_without_terminal = 160;

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::size_t shown_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string milliseconds(std::chrono::nanoseconds time) {
  const double ms = std::chrono::duration<double, std::milli>(time).count();
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), ms < 100 ? "%.1f ms" : "%.0f ms", ms);
  return text.data();
}

bool is_good(const std::string& outcome) { return outcome == "ok" || outcome == "online"; }

/// Builds a line and counts its width.
class Line {
 public:
  explicit Line(bool colours) : colours_(colours) {}

  void add(const std::string& text, std::string_view colour = {}) {
    width_ += shown_width(text);
    if (!colours_ || colour.empty()) {
      text_ += text;
    } else {
      text_ += std::string(colour) + text + std::string(plain);
    }
  }
  /// Adds text padded to `columns`, then a space.
  void add_cell(const std::string& text, std::size_t columns, std::string_view colour = {}) {
    add(text, colour);
    add(std::string(columns > shown_width(text) ? columns - shown_width(text) + 1 : 1, ' '));
  }
  std::size_t columns() const { return width_; }
  std::string take() {
    text_.erase(text_.find_last_not_of(' ') + 1);
    return std::move(text_);
  }

 private:
  bool colours_;
  std::string text_;
  std::size_t width_ = 0;
};

const char* arrow(Direction direction) {
  switch (direction) {
    case Direction::to_hub: return "→";
    case Direction::from_hub: return "←";
    case Direction::notice: return "·";
  }
  return "·";
}

const char* word(Direction direction) {
  switch (direction) {
    case Direction::to_hub: return "to_hub";
    case Direction::from_hub: return "from_hub";
    case Direction::notice: return "notice";
  }
  return "notice";
}

}  // namespace

std::string show_sight(const Sight& sight, const LineStyle& style) {
  Line line(style.colours);
  line.add_cell(format_rfc3339(sight.at).substr(11, 12), 12, dim);
  line.add_cell(arrow(sight.direction), 1, cyan);
  line.add_cell(cut_to_columns(sight.who, who_columns), who_columns, bold);
  if (style.ids) line.add_cell(cut_to_columns(printable(sight.id, id_bytes_max), id_columns), id_columns, dim);
  line.add_cell(sight.op, op_columns);
  if (!sight.outcome.empty()) line.add_cell(sight.outcome, 0, is_good(sight.outcome) ? green : red);
  if (sight.gathered > 0) line.add_cell("×" + std::to_string(sight.gathered), 0);
  if (sight.took) line.add_cell(milliseconds(*sight.took), 0, dim);
  if (sight.retained) line.add_cell("(retained)", 0, dim);
  if (style.ids && !sight.correlation_id.empty()) {
    line.add_cell("#" + printable(sight.correlation_id, correlation_id_bytes_max), 0, dim);
  }
  if (style.columns == 0) {
    line.add(printable(sight.summary, bytes_without_terminal));
    return line.take();
  }
  const std::size_t columns = std::max(style.columns, columns_min);
  if (line.columns() < columns) line.add(cut_to_columns(sight.summary, columns - line.columns()));
  return line.take();
}

std::string sight_as_json(const Sight& sight) {
  nlohmann::ordered_json line;
  line["ts"] = format_rfc3339(sight.at);
  line["topic"] = sight.topic;
  line["retained"] = sight.retained;
  line["direction"] = word(sight.direction);
  line["id"] = sight.id;
  line["name"] = sight.who;
  line["op"] = sight.op;
  if (!sight.outcome.empty()) line["outcome"] = sight.outcome;
  if (sight.took) line["ms"] = std::chrono::duration<double, std::milli>(*sight.took).count();
  if (!sight.correlation_id.empty()) line["correlation_id"] = sight.correlation_id;
  line["payload"] = sight.payload;
  return to_text(line);
}

}  // namespace strawberry::cli
