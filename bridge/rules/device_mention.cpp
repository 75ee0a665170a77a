#include "bridge/rules/device_mention.h"

#include <algorithm>
#include <tuple>

#include "bridge/rules/german.h"
#include "bridge/rules/lexicon.h"

namespace strawberry::bridge::rules {
namespace {

std::vector<std::string> split_normalized(const std::string& name) {
  std::vector<std::string> words;
  std::size_t from = 0;
  while (from <= name.size()) {
    const auto to = std::min(name.find('_', from), name.size());
    if (to > from) words.push_back(name.substr(from, to - from));
    from = to + 1;
  }
  return words;
}

/// A thing that devices are called after: a room in front of it is a device's.
bool is_device_noun(std::string_view stem) {
  return is_one_of(stem, {"light", "curtain", "speaker", "tv", "heater", "heat", "fan", "outlet", "thermostat",
                          "temperature", "brightness", "volume", "music", "door", "window", "camera"});
}

class MentionFinder {
 public:
  MentionFinder(const Sentence& sentence, std::size_t from, std::size_t to, const std::vector<bool>& taken,
                bool is_listed = false)
      : words_(sentence.words), from_(from), to_(to), taken_(taken), is_listed_(is_listed) {}

  std::optional<Mention> best(const std::vector<NamedDevice>& devices) const {
    std::optional<Mention> found;
    std::size_t found_words = 0;
    std::vector<std::string> there;  // of the found devices those that are in a room of these words
    const bool names_room = is_room_named(devices);
    for (std::size_t at = from_; at < to_; ++at) {
      for (const auto& device : devices) {
        const auto is_only = [&](const std::string& noun) { return is_only_one_called(devices, device, noun); };
        for (std::size_t first = 0; first < device.words.size(); ++first) {
          const std::size_t length = match_length(at, device, first);
          const bool is_quoted = length == 1 && words_[at].is_quoted;
          const bool is_whole = first == 0 && (is_quoted || length == device.words.size());
          const bool is_room = device.kind == NamedDevice::Kind::room;
          const bool is_full = is_whole && !is_room;
          const bool is_part = length > 0 && (first == 0 || first + length == device.words.size()) &&
                               device.kind == NamedDevice::Kind::name;
          if (!is_full && !is_part && !(is_whole && is_room)) continue;
          // `the light in the kitchen` is no device called `Lamp`.
          if (names_room && is_full && length == 1 && !is_quoted && is_device_noun(words_[at].stem)) continue;
          auto mention = frame(at, at + length, is_full, device.words.size(), is_only(words_[at].stem));
          if (!mention) continue;
          const auto rank = [](const Mention& m, std::size_t n) { return std::tuple(m.is_full, n, m.end); };
          if (found && found->begin == mention->begin && found->end == mention->end && found->is_full == is_full) {
            found->device_ids.push_back(device.device_id);
            if (is_room) there.push_back(device.device_id);
          } else if (!found || rank(*mention, length) > rank(*found, found_words)) {
            mention->device_ids = {device.device_id};
            found = std::move(mention);
            found_words = length;
            there.clear();
            if (is_room) there.push_back(device.device_id);
          }
        }
      }
    }
    if (found && !there.empty()) {
      // `Kitchen Radio`, which stands in the hall, is not in the kitchen.
      std::erase_if(found->device_ids, [&](const std::string& id) {
        return !contains(there, id) && std::any_of(devices.begin(), devices.end(), [&](const NamedDevice& device) {
          return device.device_id == id && device.has_room;
        });
      });
    }
    if (found) {
      std::sort(found->device_ids.begin(), found->device_ids.end());
      found->device_ids.erase(std::unique(found->device_ids.begin(), found->device_ids.end()), found->device_ids.end());
    }
    return found;
  }

 private:
  bool is_room_named(const std::vector<NamedDevice>& devices) const {
    return std::any_of(devices.begin(), devices.end(), [this](const NamedDevice& device) {
      if (device.kind != NamedDevice::Kind::room) return false;
      for (std::size_t at = from_; at < to_; ++at) {
        const auto length = match_length(at, device, 0);
        if (length == device.words.size() && !words_[at].is_quoted && frame(at, at + length, false, length, false))
          return true;
      }
      return false;
    });
  }

  bool is_word(const Word& said, const NamedDevice& device, std::size_t at) const {
    return said.name == device.words[at] || said.owner == device.words[at] || said.stem == device.stems[at] ||
           (!said.owner.empty() && canonical(said.owner) == device.stems[at]);
  }

  /// How many words from `at` on are the name's words from `first` on.
  std::size_t match_length(std::size_t at, const NamedDevice& device, std::size_t first) const {
    // A quoted name is one word of the sentence.
    if (words_[at].is_quoted)
      return first == 0 && !taken_[at] && split_normalized(words_[at].name) == device.words ? 1 : 0;
    std::size_t length = 0;
    while (at + length < to_ && first + length < device.words.size() && !taken_[at + length] &&
           !words_[at + length].is_quoted && is_word(words_[at + length], device, first + length))
      ++length;
    return length;
  }

  bool is_free(std::size_t at) const { return at < to_ && !taken_[at] && !words_[at].is_quoted; }

  /// `the thermostat` names a device when it is the only one.
  static bool is_only_one_called(const std::vector<NamedDevice>& devices, const NamedDevice& device,
                                 const std::string& noun) {
    return std::none_of(devices.begin(), devices.end(), [&](const NamedDevice& other) {
      return other.device_id != device.device_id && contains(other.stems, noun);
    });
  }

  std::optional<Mention> frame(std::size_t begin, std::size_t end, bool is_full, std::size_t name_words,
                               bool is_only_device) const {
    std::size_t start = begin;
    bool has_determiner = false, has_preposition = false;
    while (start > from_ && !taken_[start - 1] && is_determiner(words_[start - 1].fold)) {
      --start;
      has_determiner = true;
    }
    if (start > from_ && !taken_[start - 1] && is_preposition(words_[start - 1].fold)) {
      --start;
      has_preposition = true;
    }
    const bool ends_phrase = end >= to_ || start == from_ || words_[end - 1].is_break_after ||
                             is_preposition(words_[end].fold) || is_courtesy(words_[end].fold) || words_[end].number ||
                             is_one_of(words_[end].fold, {"and", "then", "too", "again"}) || taken_[end];
    const bool is_quoted = words_[begin].is_quoted;
    // `light` alone is what many are called after.
    const bool is_only_noun = end == begin + 1 && is_device_noun(words_[begin].stem);
    const bool is_in_front_of_thing =
        !is_only_noun && is_free(end) && !words_[end - 1].is_break_after && is_device_noun(words_[end].stem);
    // `kitchen and bedroom lights`
    const bool is_in_list = !is_only_noun && is_free(end) && words_[end].fold == "and" && is_free(end + 1) &&
                            is_free(end + 2) && is_device_noun(words_[end + 2].stem);
    const bool counts = is_quoted  ? is_full && has_preposition
                        : !is_full ? (has_preposition && ends_phrase && (!is_only_noun || is_only_device)) ||
                                         is_in_front_of_thing || is_in_list || (is_listed_ && !is_only_noun)
                        : name_words > 1
                            ? true
                            : ((has_preposition || has_determiner || begin == from_) && ends_phrase) || is_listed_;
    if (!counts) return std::nullopt;
    return Mention{start, end, is_full, {}};
  }

  const std::vector<Word>& words_;
  std::size_t from_;
  std::size_t to_;
  const std::vector<bool>& taken_;
  bool is_listed_;
};

/// `, the bedroom`, `and in the hall`: where the next of a list begins; `at` when the list ends.
std::size_t after_list_sign(const Sentence& sentence, std::size_t at, std::size_t to, const std::vector<bool>& taken) {
  if (at >= to || at == 0) return at;
  if (sentence.words[at].fold == "and" && !sentence.words[at].is_quoted && !taken[at]) return at + 1;
  return at;
}

/// The longest mention that begins with word `from`.
std::optional<Mention> read_from(const Sentence& sentence, std::size_t from, std::size_t to,
                                 const std::vector<bool>& taken, const std::vector<NamedDevice>& devices) {
  constexpr std::size_t words_max = 10;
  for (std::size_t end = std::min(from + words_max, to); end > from; --end) {
    auto mention = MentionFinder(sentence, from, end, taken, true).best(devices);
    if (mention && mention->begin == from && mention->end == end) return mention;
  }
  return std::nullopt;
}

/// A name that the hub has numbered, as its owner said it.
std::vector<std::string> without_number(std::vector<std::string> words) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (words.size() > 1 && std::all_of(words.back().begin(), words.back().end(), is_digit)) words.pop_back();
  return words;
}

std::vector<std::string> joined(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

std::vector<NamedDevice> name_devices(const std::vector<OfferingDevice>& devices) {
  std::vector<NamedDevice> named;
  for (const auto& device : devices) {
    const bool has_room = !device.normalized_room.empty();
    const auto add = [&](std::vector<std::string> words, NamedDevice::Kind kind) {
      std::vector<std::string> stems;
      for (const auto& word : words) stems.emplace_back(canonical(stem(word)));
      auto english = name_from_german(words);
      const bool is_german = english != stems;
      named.push_back({device.device_id, std::move(words), std::move(stems), kind, has_room});
      if (is_german) named.push_back({device.device_id, english, english, kind, has_room});
    };
    add(split_normalized(device.normalized_name), NamedDevice::Kind::name);
    for (const auto& alias : device.aliases) add(split_normalized(alias), NamedDevice::Kind::name);
    if (!has_room) continue;
    const auto room = split_normalized(device.normalized_room);
    add(room, NamedDevice::Kind::room);
    const auto words = without_number(split_normalized(device.normalized_name));
    add(joined(joined(words, {"in", "the"}), room), NamedDevice::Kind::name_in_place);
    add(joined(room, words), NamedDevice::Kind::name_in_place);
  }
  return named;
}

std::optional<Mention> find_mention(const Sentence& sentence, std::size_t from, std::size_t to,
                                    const std::vector<bool>& taken, const std::vector<NamedDevice>& devices) {
  return MentionFinder(sentence, from, to, taken).best(devices);
}

std::vector<Mention> find_mentions(const Sentence& sentence, std::size_t from, std::size_t to,
                                   const std::vector<bool>& taken, const std::vector<NamedDevice>& devices) {
  std::vector<Mention> mentions;
  auto first = find_mention(sentence, from, to, taken, devices);
  if (!first) return mentions;
  mentions.push_back(std::move(*first));
  // The best one may stand last in its list or first.
  for (bool grew = true; grew && mentions.size() < mentions_max;) {
    grew = false;
    const std::size_t end = mentions.back().end;
    const bool has_comma = end < to && sentence.words[end - 1].is_break_after && !sentence.words[end - 1].is_end_after;
    const std::size_t next = after_list_sign(sentence, end, to, taken);
    if (next > end || has_comma) {
      auto more = read_from(sentence, next, to, taken, devices);
      if (more) {
        more->begin = end;
        mentions.push_back(std::move(*more));
        grew = true;
        continue;
      }
    }
    const std::size_t begin = mentions.front().begin;
    const bool is_after_and = begin > from + 1 && sentence.words[begin - 1].fold == "and" && !taken[begin - 1];
    const bool is_after_comma =
        begin > from && sentence.words[begin - 1].is_break_after && !sentence.words[begin - 1].is_end_after;
    const std::size_t limit = is_after_and ? begin - 1 : begin;
    if ((is_after_and || is_after_comma) && limit > from) {
      for (std::size_t start = from; start < limit && !grew; ++start) {
        auto more = MentionFinder(sentence, start, limit, taken, true).best(devices);
        if (!more || more->end != limit) continue;
        more->end = begin;
        mentions.insert(mentions.begin(), std::move(*more));
        grew = true;
      }
    }
  }
  return mentions;
}

std::optional<Mention> read_mention(const Sentence& sentence, std::size_t from, std::size_t to,
                                    const std::vector<NamedDevice>& devices) {
  const std::vector<bool> taken(sentence.words.size(), false);
  auto mention = MentionFinder(sentence, from, to, taken, true).best(devices);
  if (!mention || mention->begin != from || mention->end != to) return std::nullopt;
  return mention;
}

}  // namespace strawberry::bridge::rules
