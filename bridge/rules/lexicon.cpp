#include "bridge/rules/lexicon.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {
namespace {

using Words = std::initializer_list<std::string_view>;

/// action, then the words that ask for it (the action's own name among them when it is a word).
struct Group {
  std::string_view action;
  Words words;
};

const std::array groups = {
    Group{"play", {"play", "listen", "hear"}},
    Group{"start", {"start", "begin", "launch", "run", "execute", "trigger", "set"}},
    Group{"stop", {"stop", "halt", "end", "quit", "abort", "cancel"}},
    Group{"pause", {"pause", "hold"}},
    Group{"resume", {"resume", "continue", "unpause"}},
    Group{"next", {"next", "skip"}},
    Group{"previous", {"previous", "prev", "back", "rewind"}},
    Group{"set", {"set", "change", "adjust", "make"}},
    Group{"get",
          {"get", "read", "check", "show", "tell", "give", "fetch", "query", "measure", "report", "status", "is"}},
    Group{"list", {"list", "show", "enumerate"}},
    Group{"open", {"open"}},
    Group{"close", {"close", "shut"}},
    Group{"lock", {"lock"}},
    Group{"unlock", {"unlock"}},
    Group{"send", {"send", "text", "message"}},
    Group{"say", {"say", "speak", "announce"}},
    Group{"add", {"add", "append", "put"}},
    Group{"remove", {"remove", "delete", "clear", "erase"}},
    Group{"create", {"create", "make", "add", "set", "start", "new", "schedule"}},
    Group{"search", {"search", "find", "look", "lookup", "google"}},
    Group{"up", {"increase", "raise", "up", "louder", "brighter", "brighten", "warmer", "hotter", "lift"}},
    Group{"down", {"decrease", "lower", "reduce", "down", "quieter", "softer", "cooler", "colder", "darker", "dimmer"}},
    Group{"mute", {"mute", "silence"}},
    Group{"unmute", {"unmute"}},
    Group{"dim", {"dim"}},
    Group{"take", {"take", "capture", "snap"}},
    Group{"call", {"call", "phone", "dial", "ring"}},
    Group{"on", {"on", "enable", "activate"}},
    Group{"off", {"off", "disable", "deactivate"}},
    Group{"toggle", {"toggle", "flip"}},
    Group{"remind", {"remind"}},
    Group{"ping", {"ping"}},
    Group{"arm", {"arm"}},
    Group{"disarm", {"disarm"}},
    Group{"restart", {"restart", "reboot", "reset"}},
};

/// name, then what else the thing is called.
const std::array things = {
    Group{"light", {"lamp", "bulb", "lighting", "lightbulb", "lite", "lantern"}},
    Group{"curtain", {"blind", "shutter", "shade", "drape", "cover", "awning", "jalousie"}},
    Group{"color", {"colour"}},
    Group{"tv", {"television", "telly"}},
    Group{"speaker", {"loudspeaker"}},
    Group{"fan", {"ventilator"}},
    Group{"heat", {"heating"}},
    Group{"heater", {"radiator"}},
    Group{"temperature", {"temp"}},
    Group{"photo", {"photograph", "picture", "pic"}},
    Group{"brightness", {"luminosity"}},
    Group{"volume", {"loudness", "sound"}},
    Group{"outlet", {"plug", "socket"}},
    Group{"door", {"gate"}},
};

}  // namespace

std::vector<std::string_view> actions_of(std::string_view word) {
  std::vector<std::string_view> found;
  for (const auto& group : groups)
    if (is_one_of(word, group.words)) found.push_back(group.action);
  return found;
}

bool asks_for(std::string_view said, std::string_view head) {
  const auto makes = [](std::string_view word) { return is_one_of(word, {"create", "make", "new", "schedule"}); };
  const auto wanted = actions_of(head);
  // To schedule a thing is to set it later.
  if (said == "schedule" && (head == "set" || head == "start")) return false;
  for (const auto action : actions_of(said)) {
    // `add` and `set` both may mean create; that does not make them mean each other.
    if (action == "create" && !makes(said) && !makes(head)) continue;
    if (std::find(wanted.begin(), wanted.end(), action) != wanted.end()) return true;
  }
  return false;
}

std::string_view canonical(std::string_view stem) {
  for (const auto& [name, words] : things)
    if (is_one_of(stem, words)) return name;
  return stem;
}

bool is_known_thing(std::string_view stem) {
  return is_general_noun(stem) || is_fact(stem) || is_unit(stem) || seconds_in(stem) != 0 ||
         std::any_of(things.begin(), things.end(), [stem](const Group& group) { return group.action == stem; });
}

std::string_view noun_implied_by(std::string_view word) {
  if (is_one_of(word, {"louder", "quieter", "softer", "loud", "mute"})) return "volume";
  if (is_one_of(word, {"brighter", "darker", "dimmer", "dim", "brighten", "bright"})) return "brightness";
  if (is_one_of(word, {"warmer", "cooler", "colder", "hotter", "warm", "hot", "cold"})) return "temperature";
  return {};
}

bool is_degree_word(std::string_view word) {
  return is_one_of(word, {"bit", "little", "slightly", "somewhat", "even", "much", "a"});
}

bool is_heating(std::string_view stem) { return is_one_of(stem, {"heat", "heater", "thermostat"}); }

bool is_share_word(std::string_view word) {
  return is_one_of(word, {"half", "halfway", "medium", "full", "maximum", "max", "highest", "minimum", "lowest"});
}

bool is_media_noun(std::string_view stem) {
  return is_one_of(stem, {"song", "track", "music", "title", "tune", "playback", "media", "audio"});
}

bool is_particle_verb(std::string_view word) {
  return is_one_of(word, {"turn", "switch", "power", "put", "shut", "flip", "roll", "pull", "bring", "crank"});
}

bool is_particle(std::string_view word) { return is_one_of(word, {"on", "off", "up", "down"}); }

bool is_question(std::string_view word) {
  return is_one_of(
      word, {"what", "whats", "how", "hows", "is", "are", "which", "show", "tell", "give", "get", "check", "read"});
}

bool is_determiner(std::string_view word) {
  return is_one_of(word,
                   {"a", "an", "the", "my", "our", "your", "this", "that", "these", "those", "some", "any", "all"});
}

bool is_preposition(std::string_view word) {
  return is_one_of(word, {"in", "on", "at", "from", "to", "of", "for", "with", "by", "via", "using", "through", "into",
                          "inside", "over", "about", "as", "onto"});
}

bool is_empty_word(std::string_view word) {
  return is_determiner(word) || is_preposition(word) || is_courtesy(word) ||
         is_one_of(word, {"it", "its", "is", "are", "me", "us", "be", "currently", "current", "there", "here", "much",
                          "many", "does", "again", "them"});
}

bool is_courtesy(std::string_view word) {
  return is_one_of(
      word, {"please", "pls",   "could",  "can",        "would", "will", "you",   "hey",   "hi",   "hello",
             "ok",     "okay",  "i",      "id",         "want",  "like", "lets",  "let",   "just", "now",
             "thanks", "thank", "kindly", "need",       "so",    "us",   "wanna", "bitte", "well", "to",
             "hub",    "yo",    "um",     "strawberry", "be",    "able", "nice",  "mind",  "d",    "immediately"});
}

bool is_general_noun(std::string_view stem) {
  return is_one_of(stem, {"song",      "track",    "music",       "item",    "text",   "message",  "value", "level",
                          "state",     "status",   "device",      "it",      "media",  "playback", "name",  "query",
                          "data",      "info",     "information", "current", "all",    "now",      "title", "file",
                          "something", "anything", "entry",       "task",    "reading"});
}

bool is_fact(std::string_view stem) {
  return is_one_of(stem, {"temperature", "humidity", "weather", "forecast", "time",        "date",   "day",
                          "new",         "status",   "state",   "level",    "battery",     "price",  "joke",
                          "version",     "uptime",   "info",    "position", "consumption", "energy", "pressure",
                          "speed",       "count",    "number",  "name",     "list",        "co2",    "air"});
}

bool is_unit(std::string_view stem) {
  return is_one_of(stem, {"percent", "degree", "celsius", "fahrenheit", "kelvin", "centigrade", "c", "f", "k", "dollar",
                          "euro", "pound", "x"});
}

int seconds_in(std::string_view stem) {
  if (is_one_of(stem, {"second", "sec", "s"})) return 1;
  if (is_one_of(stem, {"minute", "min", "m"})) return 60;
  if (is_one_of(stem, {"hour", "hr", "h"})) return 3600;
  return 0;
}

}  // namespace strawberry::bridge::rules
