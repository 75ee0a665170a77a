// Filters of texts, and JSON.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

#include "cli/spoke/discovery/template/operation_tables.h"
#include "common/contract/bounded_json.h"

namespace strawberry::cli::discovery {
namespace {

constexpr std::size_t json_text_bytes_max = 64 * 1024;

Value filter_lower(OperationCall& call) { return lower_text(text_of_input(call)); }
Value filter_upper(OperationCall& call) { return upper_text(text_of_input(call)); }
Value filter_title(OperationCall& call) { return title_text(text_of_input(call)); }
Value filter_capitalize(OperationCall& call) { return capital_text(text_of_input(call)); }
Value filter_string(OperationCall& call) { return text_of_input(call); }

Value filter_trim(OperationCall& call) {
  return stripped_text(text_of_input(call), text_argument(call, 0, "chars", " \t\r\n\v\f"), true, true);
}

Value filter_replace(OperationCall& call) {
  const std::string text = text_of_input(call);
  if (call.argument(0, "old") == nullptr || call.argument(1, "new") == nullptr)
    return call.fail("it wants what to replace, and by what");
  return replace_in(call, text, text_argument(call, 0, "old", ""), text_argument(call, 1, "new", ""),
                    std::max<std::int64_t>(-1, whole_argument(call, 2, "count", -1)));
}

Value filter_to_json(OperationCall& call) {
  if (!call.budget.spend_copy(call.input)) return undefined();
  return to_json_text(call.input, /*has_spaces=*/false);
}

Value filter_from_json(OperationCall& call) {
  const std::string text = text_of_input(call);
  if (text.size() > json_text_bytes_max || nests_too_deep(text)) return call.default_or_fail(0, "JSON");
  Value value = Value::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return call.default_or_fail(0, "JSON");
  return value;
}

/// Returns the byte at which the character with this number begins.
std::size_t place_of_character(const std::string& text, std::size_t number) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (begins && number-- == 0) break;
  }
  return at;
}

Value filter_truncate(OperationCall& call) {
  const std::string text = text_of_input(call);
  const auto length = std::max<std::int64_t>(0, whole_argument(call, 0, "length", 255));
  const Value* kills = call.argument(1, "killwords");
  const std::string end = text_argument(call, 2, "end", "...");
  const auto leeway = std::max<std::int64_t>(0, whole_argument(call, 3, "leeway", 5));
  const auto size = static_cast<std::int64_t>(length_of_text(text));
  if (size <= length || size - length <= leeway) return text;
  const auto kept = std::max<std::int64_t>(0, length - static_cast<std::int64_t>(length_of_text(end)));
  std::string cut = text.substr(0, place_of_character(text, static_cast<std::size_t>(kept)));
  const bool cuts_words = kills != nullptr && is_truthy(*kills);
  if (const auto blank = cut.rfind(' '); !cuts_words && blank != std::string::npos) cut.erase(blank);
  return cut + end;
}

Value filter_format(OperationCall& call) { return format_percent(call, text_of_input(call), call.args); }

Value filter_ord(OperationCall& call) {
  const std::string text = text_of_input(call);
  if (length_of_text(text) != 1) return call.fail("it wants one character");
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(text[at])); };
  switch (text.size()) {
    case 1: return byte(0);
    case 2: return ((byte(0) & 0x1FU) << 6U) | (byte(1) & 0x3FU);
    case 3: return ((byte(0) & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
    default:
      return ((byte(0) & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) | ((byte(2) & 0x3FU) << 6U) | (byte(3) & 0x3FU);
  }
}

constexpr std::array text_filter_table = {
    Operation{"lower", 0, filter_lower},       Operation{"upper", 0, filter_upper},
    Operation{"title", 0, filter_title},       Operation{"capitalize", 0, filter_capitalize},
    Operation{"string", 0, filter_string},     Operation{"trim", 1, filter_trim},
    Operation{"replace", 3, filter_replace},   Operation{"tojson", 1, filter_to_json},
    Operation{"to_json", 3, filter_to_json},   Operation{"from_json", 1, filter_from_json},
    Operation{"truncate", 4, filter_truncate}, Operation{"format", 20, filter_format},
    Operation{"ord", 0, filter_ord},
};

/// One `%…` of a format, and its end.
struct Directive {
  std::string flags;
  int width = 0;
  int precision = -1;
  char kind = 0;
  std::size_t end = 0;
};

Directive read_directive(const std::string& format, std::size_t at) {
  Directive made;
  while (at < format.size() && std::string_view("-+ 0#").find(format[at]) != std::string_view::npos)
    made.flags += format[at++];
  const auto number = [&] {
    int value = 0;
    while (at < format.size() && std::isdigit(static_cast<unsigned char>(format[at])) != 0 && value < 1000)
      value = value * 10 + (format[at++] - '0');
    return value;
  };
  made.width = number();
  if (at < format.size() && format[at] == '.') {
    ++at;
    made.precision = number();
  }
  made.kind = at < format.size() ? format[at] : '\0';
  made.end = at + 1;
  made.flags = made.flags.substr(0, 5);
  return made;
}

std::string print_number(const Directive& how, const Value& value) {
  std::array<char, 512> text{};
  const double number = as_number(value).value_or(0);
  const std::string kind(1, how.kind == 'i' ? 'd' : how.kind);
  const int width = std::min(how.width, 200), precision = std::min(how.precision, 50);
  if (std::string_view("dxX").find(kind[0]) != std::string_view::npos) {
    const std::string format = "%" + how.flags + "*ll" + kind;
    const bool is_small = number > -9e18 && number < 9e18;
    // The format consists of flags and one of three letters.
    std::snprintf(text.data(), text.size(), format.c_str(), width,  // NOLINT
                  static_cast<long long>(is_small ? number : 0));
  } else {
    const std::string format = "%" + how.flags + "*.*" + kind;
    std::snprintf(text.data(), text.size(), format.c_str(), width, precision < 0 ? 6 : precision, number);  // NOLINT
  }
  return text.data();
}

}  // namespace

std::span<const Operation> text_filters() { return text_filter_table; }

std::string text_of_input(OperationCall& call) {
  if (!call.budget.spend_copy(call.input)) return {};
  std::string text = to_python_text(call.input);
  return call.budget.spend(1 + text.size() / 64, text.size()) ? text : std::string();
}

std::string text_argument(const OperationCall& call, std::size_t position, std::string_view name,
                          std::string otherwise) {
  const Value* given = call.argument(position, name);
  return given != nullptr && given->is_primitive() ? to_python_text(*given) : std::move(otherwise);
}

std::int64_t whole_argument(const OperationCall& call, std::size_t position, std::string_view name,
                            std::int64_t otherwise) {
  const Value* given = call.argument(position, name);
  return given != nullptr && given->is_number_integer() ? given->get<std::int64_t>() : otherwise;
}

Value replace_in(OperationCall& call, const std::string& text, const std::string& what, const std::string& by,
                 std::int64_t count) {
  if (what.empty()) return call.fail("it cannot replace an empty text");
  std::string out;
  std::size_t at = 0;
  for (std::size_t found = text.find(what); found != std::string::npos && count != 0; --count) {
    if (!call.budget.spend(1, found - at + by.size())) return undefined();
    out += text.substr(at, found - at) + by;
    at = found + what.size();
    found = text.find(what, at);
  }
  return out + text.substr(at);
}

std::string lower_text(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return text;
}

std::string upper_text(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
  return text;
}

std::string title_text(std::string text) {
  text = lower_text(std::move(text));
  bool begins = true;
  for (char& c : text) {
    const bool is_letter = (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
    if (begins && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    begins = !is_letter && c != '\'';
  }
  return text;
}

std::string capital_text(std::string text) {
  text = lower_text(std::move(text));
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

std::string stripped_text(std::string_view text, std::string_view characters, bool at_begin, bool at_end) {
  const auto is_one = [&](char c) { return characters.find(c) != std::string_view::npos; };
  while (at_begin && !text.empty() && is_one(text.front())) text.remove_prefix(1);
  while (at_end && !text.empty() && is_one(text.back())) text.remove_suffix(1);
  return std::string(text);
}

Value format_percent(OperationCall& call, const std::string& format, const std::vector<Value>& values) {
  std::string out;
  std::size_t next = 0;
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      out += format[at++];
      continue;
    }
    const Directive how = read_directive(format, at + 1);
    at = how.end;
    if (how.kind == '%') {
      out += '%';
      continue;
    }
    if (std::string_view("sdixXfFeEgG").find(how.kind) == std::string_view::npos || how.kind == 0)
      return call.fail("a format that is not supported: '%" + std::string(how.kind != 0 ? 1 : 0, how.kind) + "'");
    if (next == values.size()) return call.fail("the format wants more values");
    const Value& value = values[next++];
    std::string piece;
    if (how.kind == 's') {
      if (!call.budget.spend_copy(value)) return undefined();
      piece = to_python_text(value);
      const auto width = static_cast<std::size_t>(std::min(how.width, 200));
      if (piece.size() < width)
        piece.insert(how.flags.find('-') == std::string::npos ? 0 : piece.size(), width - piece.size(), ' ');
    } else if (as_number(value)) {
      piece = print_number(how, value);
    } else {
      return call.fail("the format wants a number, not " + std::string(name_of_type(value)));
    }
    if (!call.budget.spend(1, piece.size())) return undefined();
    out += piece;
  }
  if (next < values.size()) return call.fail("the format has no place for all values");
  return out;
}

}  // namespace strawberry::cli::discovery
