#include "bridge/rules/wording.h"

#include <cmath>
#include <vector>

#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry::bridge::rules {
namespace {

using nlohmann::json;

constexpr std::size_t result_bytes_max = 2000;
constexpr std::size_t members_told_max = 12;
constexpr std::size_t remark_bytes_max = 80;  // a result this short is extended by the device

constexpr std::string_view not_done = "Not done: ";
constexpr std::string_view not_done_de = "Nicht getan: ";
constexpr std::string_view not_known = "Not known: ";
constexpr std::string_view not_known_de = "Unbekannt: ";

std::string text_at(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string in_json(const json& value, std::size_t bytes_max) { return printable(to_text(value), bytes_max); }

std::string number_in_words(const json& number, Language language) {
  const double value = number.get<double>();
  std::string text = number.is_number_float() && std::abs(value) < 1e15 && value == std::floor(value)
                         ? std::to_string(static_cast<std::int64_t>(value))
                         : number.dump();
  if (const auto point = text.find('.'); language == Language::german && point != std::string::npos) text[point] = ',';
  return text;
}

std::string plain(const json& value, Language language) {
  if (value.is_string()) return printable(value.get_ref<const std::string&>(), result_bytes_max);
  if (value.is_boolean()) return value.get<bool>() ? in(language, "yes", "ja") : in(language, "no", "nein");
  if (value.is_number()) return number_in_words(value, language);
  if (value.is_null()) return in(language, "nothing", "nichts");
  return in_json(value, 300);
}

/// Returns `temperature: 21.5, humidity: 40`; a list of plain values; JSON for deeper values.
std::string in_words(const json& value, Language language) {
  if (!value.is_structured()) return plain(value, language);
  if (value.empty()) return in(language, "nothing", "nichts");
  std::string text;
  std::size_t told = 0;
  for (const auto& item : value.items()) {
    if (told++ == members_told_max) {
      text += in(language, " and ", " und ") + std::to_string(value.size() - members_told_max) +
              in(language, " more", " weitere");
      break;
    }
    text += text.empty() ? "" : ", ";
    if (value.is_object()) text += printable(spoken_name(item.key()), 64) + ": ";
    text += plain(item.value(), language);
  }
  return text;
}

std::string capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string on_device(const Made& made, Language language) {
  if (made.device.empty()) return {};
  return in(language, " on ", " auf ") + printable(made.device, 100);
}

bool is_remark(const std::string& text) {
  if (text.empty() || text.size() > remark_bytes_max || text.find('\n') != std::string::npos) return false;
  return std::string_view(".!?:)").find(text.back()) == std::string_view::npos;
}

/// True for `The lamp is on`, which nothing can be added to, unlike `Playing Hey Jude`.
bool has_verb(const std::string& text) {
  const std::string words = " " + fold(text) + " ";
  for (const std::string_view verb :
       {" is ", " are ", " was ", " were ", " has ", " have ", " will ", " ist ", " sind ", " war ", " waren ",
        " wurde ", " wurden ", " wird ", " hat ", " haben "})
    if (words.find(verb) != std::string::npos) return true;
  return false;
}

/// `Playing Hey Jude` → `Playing Hey Jude on Living Room Speaker`, `The lamp is on` → `Garden Lamp: The lamp is on`,
/// unless it names the place, or is a whole sentence.
std::string told_text(const Made& made, const std::string& text, Language language) {
  const bool says_where = made.device.empty() || fold(text).find(fold(made.device)) != std::string::npos;
  if (made.only_tells || says_where || !is_remark(text)) return text;
  if (has_verb(text)) return printable(made.device, 100) + ": " + text;
  return text + on_device(made, language);
}

/// `get_temperature` → `Temperature`.
std::string subject_of(const Made& made) {
  const auto name = spoken_name(made.function_name);
  for (const std::string_view verb :
       {"get ", "read ", "check ", "fetch ", "query ", "measure ", "report ", "is ", "list "})
    if (name.starts_with(verb)) return capital(name.substr(verb.size()));
  return capital(name);
}

std::string told_result(const Made& made, const json& result, Language language) {
  if (result.is_string() && !result.get_ref<const std::string&>().empty())
    return told_text(made, printable(result.get_ref<const std::string&>(), result_bytes_max), language);
  const bool is_plain_yes = result.is_null() || result == json(true) || result == json("");
  // `Kitchen Light is on: yes`
  if (made.only_tells && result.is_boolean())
    return capital(printable(made.device, 100) + (made.device.empty() ? "" : " ") + spoken_name(made.function_name)) +
           ": " + plain(result, language);
  if (is_plain_yes) return in(language, "Done: ", "Erledigt: ") + name_call(made, language) + ".";
  if (result.is_boolean())
    return capital(name_call(made, language)) + in(language, ": it answered no.", ": die Antwort war nein.");
  if (made.only_tells) return subject_of(made) + on_device(made, language) + ": " + in_words(result, language);
  return in(language, "Done: ", "Erledigt: ") + name_call(made, language) + ": " + in_words(result, language);
}

std::string told_error(const Made& made, const json& error, Language language) {
  const auto code = text_at(error, "code");
  const auto message = printable(text_at(error, "message"), 300);
  const auto device = made.device.empty() ? in(language, "the device", "das Gerät") : printable(made.device, 100);
  const auto what = name_call(made, language);
  if (code == "device_offline")
    return in(language, not_known, not_known_de) + device +
           in(language, " is offline or left before it answered (", " ist offline oder ging vor der Antwort (") + what +
           ").";
  if (code == "timeout")
    return in(language, not_known, not_known_de) + device +
           in(language, " did not answer in time; whether it ran is not known (",
              " antwortete nicht rechtzeitig; ob es ausgeführt wurde, ist nicht bekannt (") +
           what + ").";
  std::string text = in(language, not_done, not_done_de) + what;
  if (code == "ambiguous") {
    std::vector<std::string> names;
    const auto candidates = error.is_object() ? error.find("candidates") : error.end();
    if (error.is_object() && candidates != error.end() && candidates->is_array())
      for (const auto& candidate : *candidates) names.push_back(plain(candidate, language));
    return text + in(language, ". Which one", ". Welches Gerät") + (names.empty() ? "" : ": ") +
           join(names, in(language, " or ", " oder ")) + "?";
  }
  return text + (message.empty() ? "" : " (" + message + ")") + ".";
}

}  // namespace

std::string spoken_name(const std::string& name) {
  std::string text;
  for (const auto& word : name_parts(name)) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string join(const std::vector<std::string>& parts, const std::string& last_separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size() && i < names_listed_max; ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? last_separator : ", ") + printable(parts[i], 100);
  if (parts.size() > names_listed_max) text += ", +" + std::to_string(parts.size() - names_listed_max);
  return text;
}

std::string name_call(const Made& made, Language language) {
  std::string text = printable(spoken_name(made.function_name), 100);
  if (text.empty()) text = in(language, "the call", "der Aufruf");
  std::size_t told = 0;
  for (const auto& [name, value] : made.arguments.items()) {
    if (told++ == 4) break;
    text += (told > 1 ? ", " : " ") + printable(plain(value, language), 160);
  }
  if (made.device.empty()) return text;
  const bool ends_with_particle =
      made.arguments.empty() && (text.ends_with(" on") || text.ends_with(" off") || text.ends_with(" up") ||
                                 text.ends_with(" down") || text.find(' ') == std::string::npos);
  return ends_with_particle ? text + " " + printable(made.device, 100) : text + on_device(made, language);
}

bool tells_failure(std::string_view text) {
  for (const auto begin : {not_done, not_done_de, not_known, not_known_de})
    if (text.starts_with(begin)) return true;
  return false;
}

std::string tell(const Made& made, const json& content, Language language) {
  if (content.is_object() && content.contains("error")) return told_error(made, content.at("error"), language);
  if (!content.is_object() || !content.contains("result"))
    return in(language, not_known, not_known_de) + name_call(made, language) +
           in(language, " was called; there is no answer.", " wurde aufgerufen; es gibt keine Antwort.");
  const auto cut = content.find("truncated");
  const bool is_cut = cut != content.end() && *cut == json(true);
  return told_result(made, content.at("result"), language) + (is_cut ? in(language, " (cut)", " (gekürzt)") : "");
}

}  // namespace strawberry::bridge::rules
