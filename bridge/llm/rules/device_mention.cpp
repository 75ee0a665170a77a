#include "bridge/llm/rules/device_mention.h"

#include <algorithm>
#include <tuple>

#include "bridge/llm/rules/lexicon.h"

namespace strawberry::rules {
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

class Finder {
 public:
  Finder(const Sentence& sentence, std::size_t from, std::size_t to, const std::vector<bool>& taken)
      : words_(sentence.words), from_(from), to_(to), taken_(taken) {}

  std::optional<Mention> best(const std::vector<NamedDevice>& devices) {
    std::optional<Mention> found;
    std::size_t found_words = 0;
    for (std::size_t at = from_; at < to_; ++at) {
      for (const auto& device : devices) {
        for (std::size_t first = 0; first < device.words.size(); ++first) {
          const std::size_t length = match_length(at, device.words, first);
          const bool is_quoted = length == 1 && words_[at].is_quoted;
          const bool is_full = first == 0 && (is_quoted || length == device.words.size());
          const bool is_part = length > 0 && (first == 0 || first + length == device.words.size());
          if (!is_full && !is_part) continue;
          auto mention = frame(at, at + length, is_full, device.words.size());
          if (!mention) continue;
          const auto rank = [](const Mention& m, std::size_t n) { return std::tuple(m.is_full, n, m.end); };
          if (found && found->begin == mention->begin && found->end == mention->end && found->is_full == is_full) {
            found->device_ids.push_back(device.device_id);
          } else if (!found || rank(*mention, length) > rank(*found, found_words)) {
            mention->device_ids = {device.device_id};
            found = std::move(mention);
            found_words = length;
          }
        }
      }
    }
    if (found) {
      std::sort(found->device_ids.begin(), found->device_ids.end());
      found->device_ids.erase(std::unique(found->device_ids.begin(), found->device_ids.end()), found->device_ids.end());
    }
    return found;
  }

 private:
  /// How many words from `at` on are the name's words from `first` on.
  std::size_t match_length(std::size_t at, const std::vector<std::string>& name, std::size_t first) const {
    // A quoted name is one word of the sentence.
    if (words_[at].is_quoted) return first == 0 && !taken_[at] && split_normalized(words_[at].name) == name ? 1 : 0;
    std::size_t length = 0;
    while (at + length < to_ && first + length < name.size() && !taken_[at + length] &&
           !words_[at + length].is_quoted &&
           (words_[at + length].name == name[first + length] || words_[at + length].owner == name[first + length]))
      ++length;
    return length;
  }

  std::optional<Mention> frame(std::size_t begin, std::size_t end, bool is_full, std::size_t name_words) const {
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
                             taken_[end];
    const bool is_quoted = words_[begin].is_quoted;
    const bool counts = is_quoted        ? is_full && has_preposition
                        : !is_full       ? has_preposition && ends_phrase
                        : name_words > 1 ? true
                                         : (has_preposition || has_determiner || begin == from_) && ends_phrase;
    if (!counts) return std::nullopt;
    return Mention{start, end, is_full, {}};
  }

  const std::vector<Word>& words_;
  std::size_t from_;
  std::size_t to_;
  const std::vector<bool>& taken_;
};

}  // namespace

std::vector<NamedDevice> name_devices(const std::vector<OfferingDevice>& devices) {
  std::vector<NamedDevice> named;
  for (const auto& device : devices) named.push_back({device.device_id, split_normalized(device.normalized_name)});
  return named;
}

std::optional<Mention> find_mention(const Sentence& sentence, std::size_t from, std::size_t to,
                                    const std::vector<bool>& taken, const std::vector<NamedDevice>& devices) {
  return Finder(sentence, from, to, taken).best(devices);
}

}  // namespace strawberry::rules
