#include "bridge/rules/small_talk.h"

#include <array>
#include <string_view>

#include "bridge/rules/language.h"

namespace strawberry::bridge::rules {
namespace {

struct Phrases {
  SmallTalk talk;
  /// Parted by `|`; German ones as german.h makes them English.
  std::string_view phrases;
};

constexpr std::array all_phrases = {
    Phrases{SmallTalk::hello,
            "hello|hi|hey|yo|hi there|hello there|hey there|hello hub|hello strawberry|hi strawberry|good morning|"
            "good evening|good afternoon|good day|hello hello|greetings|howdy|gruss gott"},
    Phrases{SmallTalk::how_are_you,
            "how are you|how are you doing|how is it going|hows it going|whats up|how do you do|how goes it you|how "
            "goes it"},
    Phrases{SmallTalk::thanks,
            "thanks|thank you|thanks a lot|thank you very much|thank you so much|many thanks|great thanks|ok thanks|"
            "thx|cheers|good job|well done|perfect|great|nice|cool|awesome|perfect thanks|many thanks|thanks very|"
            "super|prima|vielen dank|thanks sehr|good made|klasse"},
    Phrases{SmallTalk::bye,
            "bye|goodbye|good bye|bye bye|see you|see you later|good night|auf wiedersehen|to wiedersehen|bis "
            "later|until later"},
    Phrases{SmallTalk::never_mind,
            "never mind|nevermind|forget it|forget that|no|nope|no thanks|no thank you|cancel that|not now|nothing|"
            "no never mind|it doesnt matter|doesnt matter|leave it|skip it|nevermind it|already good|just good|no "
            "thanks|lass it|"
            "is nevermind|that is nevermind|schon gut"},
    Phrases{SmallTalk::help,
            "help|help me|what can you do|what can i do|what can i say|what can i ask|what do you do|what do you know|"
            "what can you do for me|what can i do here|what are you able to do|what are your skills|what skills|"
            "which skills|list skills|show skills|show me what you can do|how do you work|how does this work|how does "
            "it work|"
            "commands|what commands|what can i tell you|what do you understand|what can you|what can you all|"
            "what can you everything|what can you all make|what can you everything make|what can i say|i need help|"
            "can you help me|could you help me|how can you help me|what skills do you have|what can you do here|"
            "what can i here do|what can you so|what can you just|how goes this|how goes the"},
    Phrases{SmallTalk::who,
            "who are you|what are you|whats your name|what is your name|are you a robot|are you human|are you an ai|"
            "are you a language model|are you chatgpt|who bist you|how heisst you"},
    Phrases{SmallTalk::agree,
            "ok|okay|yes|sure|yep|alright|all right|right|fine|good|i see|got it|alles klar|everything klar|gut"},
};

std::string as_phrase(const Sentence& sentence) {
  std::string text;
  for (const auto& word : sentence.words) {
    if (word.is_quoted) return {};
    if (word.fold == "please") continue;
    text += (text.empty() ? "" : " ") + word.fold;
  }
  return text;
}

}  // namespace

std::optional<SmallTalk> read_small_talk(const Sentence& sentence) {
  if (sentence.words.empty() || sentence.words.size() > 8) return std::nullopt;
  const auto phrase = as_phrase(sentence);
  if (phrase.empty()) return std::nullopt;
  for (const auto& [talk, phrases] : all_phrases) {
    for (std::size_t from = 0; from <= phrases.size();) {
      const auto to = std::min(phrases.find('|', from), phrases.size());
      if (phrases.substr(from, to - from) == phrase) return talk;
      from = to + 1;
    }
  }
  return std::nullopt;
}

std::string answer_small_talk(SmallTalk talk, const std::string& examples, Language language) {
  const auto with_examples = [&](std::string text) {
    return examples.empty() ? text : text + in(language, " For example: ", " Zum Beispiel: ") + examples;
  };
  switch (talk) {
    case SmallTalk::hello: return in(language, "Hello. What should I do?", "Hallo. Was soll ich tun?");
    case SmallTalk::how_are_you:
      return in(language, "All is well. What should I do?", "Alles läuft. Was soll ich tun?");
    case SmallTalk::thanks: return in(language, "You are welcome.", "Gern geschehen.");
    case SmallTalk::bye: return in(language, "Goodbye.", "Auf Wiedersehen.");
    case SmallTalk::never_mind: return in(language, "All right, nothing is done.", "In Ordnung, ich tue nichts.");
    case SmallTalk::agree: return in(language, "All right. What should I do?", "In Ordnung. Was soll ich tun?");
    case SmallTalk::who:
      return in(language, "I am the hub's built-in rules, not a language model: I understand simple requests.",
                "Ich bin die eingebauten Regeln des Hubs, kein Sprachmodell: ich verstehe einfache Bitten.");
    case SmallTalk::help: break;
  }
  if (examples.empty())
    return in(language, "None of your devices offers a skill right now, so there is nothing I can do.",
              "Keines deiner Geräte bietet gerade einen Skill an, ich kann also nichts tun.");
  return with_examples(
      in(language, "I do what the skills of your devices can do.", "Ich tue, was die Skills deiner Geräte können."));
}

}  // namespace strawberry::bridge::rules
