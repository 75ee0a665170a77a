#include "bridge/rules/manner.h"

#include "bridge/rules/lexicon.h"

namespace strawberry::bridge::rules {
namespace {

bool is_filler(std::string_view word) {
  return is_one_of(word,
                   {"please", "pls",  "bitte", "hey",   "hi",      "hello", "ok",         "okay",   "so",    "well",
                    "now",    "um",   "yo",    "just",  "kindly",  "hub",   "strawberry", "thanks", "right", "alright",
                    "also",   "then", "and",   "maybe", "quickly", "yes",   "sure",       "great"});
}

bool is_you(std::string_view word) { return is_one_of(word, {"you", "u", "ya"}); }

bool is_modal(std::string_view word) { return is_one_of(word, {"can", "could", "would", "will"}); }

bool is_please(std::string_view word) { return is_one_of(word, {"please", "pls", "bitte"}); }

/// Begins a question whatever follows.
bool asks(std::string_view word) {
  return is_one_of(word,
                   {"what",  "whats",  "how",   "hows",   "which",    "who",     "whos",   "whose", "where", "wheres",
                    "when",  "whens",  "why",   "is",     "are",      "am",      "was",    "were",  "isnt",  "arent",
                    "wasnt", "werent", "does",  "did",    "doesnt",   "didnt",   "has",    "hasnt", "have",  "havent",
                    "had",   "should", "shall", "may",    "might",    "must",    "can",    "could", "would", "will",
                    "wont",  "cant",   "any",   "anyone", "anything", "couldnt", "wouldnt"});
}

bool is_person(std::string_view word) { return is_one_of(word, {"i", "you", "u", "we", "they", "he", "she", "it"}); }

/// Begins a statement: who does or is something.
bool is_subject(std::string_view word) {
  return is_person(word) || is_one_of(word, {"im",      "ive",      "ill",      "youre",     "youve",  "hes",    "shes",
                                             "its",     "theyre",   "weve",     "thats",     "theres", "there",  "here",
                                             "someone", "somebody", "everyone", "everybody", "nobody", "nothing"});
}

/// Says of what stands before it that somebody said it, or that it was not meant.
bool is_afterthought(std::string_view word) {
  return is_one_of(word, {"no", "not", "dont", "wait", "actually", "nevermind", "nope", "kidding", "cancel"});
}

bool negates(std::string_view word) { return is_one_of(word, {"dont", "never", "no", "not", "nor"}); }

/// `my brother said unlock the door` tells, it does not bid.
bool reports(std::string_view word) {
  return is_one_of(
      word, {"said", "says",   "told",  "tells",   "think", "thinks", "thought", "know",    "knows",  "knew", "hope",
             "wish", "wonder", "guess", "believe", "see",   "saw",    "heard",   "noticed", "forgot", "asked"});
}

class Listener {
 public:
  Listener(const Sentence& sentence, std::size_t from, std::size_t to)
      : words_(sentence.words), language_(sentence.language), at_(from), to_(to) {}

  Said listen() {
    skip_courtesy();
    const std::size_t begin = at_;
    return {manner(begin), begin};
  }

 private:
  std::string_view fold(std::size_t at) const {
    return at < to_ && !words_[at].is_quoted ? std::string_view(words_[at].fold) : std::string_view();
  }

  void skip_courtesy() {
    while (at_ < to_) {
      if (is_filler(fold(at_))) {
        is_request_ = is_request_ || is_please(fold(at_));
        ++at_;
      } else if (fold(at_) == "thank" && is_you(fold(at_ + 1))) {
        at_ += 2;
      } else if (fold(at_) == "good" && is_one_of(fold(at_ + 1), {"morning", "evening", "afternoon", "day", "night"})) {
        at_ += 2;
      } else if (fold(at_) == "lets" || (fold(at_) == "let" && fold(at_ + 1) == "us")) {
        at_ += fold(at_) == "lets" ? 1 : 2;
        is_request_ = true;
      } else if (const auto end = request_end(); end > at_) {
        is_request_ = true;
        at_ = end;
      } else {
        return;
      }
    }
  }

  /// Behind `could you`, `would you mind`, `I would like you to`, `I want`; where it stands when there is none.
  std::size_t request_end() const {
    if (is_modal(fold(at_)) && is_you(fold(at_ + 1)) && fold(at_ + 2) != "like") {
      std::size_t end = at_ + 2;
      if (fold(end) == "mind") return end + 1;
      if (fold(end) == "be" && fold(end + 1) == "able" && fold(end + 2) == "to") return end + 3;
      if (fold(end) == "be" && fold(end + 1) == "so") {
        end += 3;  // nice, kind, good
        if (is_one_of(fold(end), {"as", "and"})) ++end;
        return fold(end) == "to" ? end + 1 : end;
      }
      return end;
    }
    std::size_t end = at_;
    if (fold(at_) == "id" && is_one_of(fold(at_ + 1), {"like", "love"})) {
      end = at_ + 2;
    } else if (fold(at_) == "i" && is_one_of(fold(at_ + 1), {"want", "need", "wanna"})) {
      end = at_ + 2;
    } else if (fold(at_) == "i" && fold(at_ + 1) == "would" && is_one_of(fold(at_ + 2), {"like", "love"})) {
      end = at_ + 3;
    } else {
      return at_;
    }
    if (is_you(fold(end))) ++end;
    return fold(end) == "to" ? end + 1 : end;
  }

  bool is_verb(std::size_t at) const {
    const auto word = fold(at);
    return !is_particle(word) && (is_particle_verb(word) || !actions_of(word).empty());
  }

  Manner manner(std::size_t begin) {
    if (begin >= to_) return Manner::statement;
    const auto first = fold(begin);
    if (is_let(begin) || first == "to" || is_reported(begin) || is_taken_back(begin) || is_denied_in_german(begin))
      return Manner::statement;
    if (negates(first) || (first == "do" && fold(begin + 1) == "not")) return Manner::statement;
    if (asks_whether_able(begin)) return Manner::question;
    if (asks(first) || (first == "do" && is_person(fold(begin + 1)) && fold(begin + 1) != "it"))
      return Manner::question;
    for (std::size_t at = begin; at < to_; ++at)
      is_request_ = is_request_ || is_please(fold(at)) || (is_modal(fold(at)) && is_you(fold(at + 1)));
    if (words_[to_ - 1].is_asked && !is_request_) return Manner::question;
    if (is_subject(first)) return Manner::statement;
    return is_statement(begin) ? Manner::statement : Manner::command;
  }

  /// `let me turn on the light` bids nobody do it. `let us` was courtesy.
  bool is_let(std::size_t begin) const {
    return fold(begin) == "let" && is_one_of(fold(begin + 1), {"me", "him", "her", "them"});
  }

  /// `turn on the light, she said`
  bool is_reported(std::size_t begin) const {
    if (to_ < begin + 4) return false;
    const bool ends =
        reports(fold(to_ - 1)) ||
        (reports(fold(to_ - 2)) && is_one_of(fold(to_ - 1), {"me", "us", "him", "he", "she", "they", "them"}));
    const std::size_t far = to_ - 3;
    for (std::size_t at = far > begin ? far - 1 : begin; ends && at + 1 < to_; ++at)
      if (words_[at].is_break_after) return true;
    return false;
  }

  /// `turn on the light, no wait`, `turn on the light. Not!`
  bool is_taken_back(std::size_t begin) const {
    for (std::size_t at = begin; at + 1 < to_; ++at)
      if (words_[at].is_break_after && is_afterthought(fold(at + 1))) return true;
    const auto last = fold(to_ - 1);
    return to_ > begin + 1 &&
           (last == "nevermind" || (last == "mind" && fold(to_ - 2) == "never") || (last == "not" && to_ > begin + 2));
  }

  /// German puts `nicht` anywhere; a title that has it needs quotation marks.
  bool is_denied_in_german(std::size_t begin) const {
    if (language_ != Language::german) return false;
    for (std::size_t at = begin; at < to_; ++at)
      if (is_one_of(fold(at), {"not", "no", "never"})) return true;
    return false;
  }

  /// `can you unlock doors?`: of no particular ones.
  bool asks_whether_able(std::size_t begin) const {
    if (begin < 2 || fold(begin - 2) != "can" || !is_you(fold(begin - 1)) || !words_[to_ - 1].is_asked) return false;
    for (std::size_t at = begin; at < to_; ++at)
      if (is_determiner(fold(at)) || is_preposition(fold(at)) || is_please(fold(at)) || words_[at].is_quoted)
        return false;
    const Word& last = words_[to_ - 1];
    return to_ > begin + 1 && last.fold.size() > 3 && last.fold.ends_with("s");
  }

  /// A thing comes first, and then what it is or does rather than what is to be done with it.
  bool is_statement(std::size_t begin) const {
    for (std::size_t at = begin; at < to_; ++at) {
      const auto word = fold(at);
      if (at > begin && is_modal(word) && is_you(fold(at + 1))) return false;
      if (is_copula(word) || reports(word)) return at > begin || !is_verb(at);
      // `the light's on`; `the light's colour` is none.
      const bool is_last = at + 1 >= to_;
      if (!words_[at].owner.empty() && !is_last && (is_particle(fold(at + 1)) || is_condition(fold(at + 1))))
        return true;
      if (is_verb(at) && !(at > begin && is_copula(fold(at + 1)))) return false;
    }
    return false;
  }

  const std::vector<Word>& words_;
  const Language language_;
  std::size_t at_;
  std::size_t to_;
  bool is_request_ = false;
};

}  // namespace

Said how_said(const Sentence& sentence, std::size_t from, std::size_t to) {
  return Listener(sentence, from, to).listen();
}

bool is_copula(std::string_view word) {
  return is_one_of(word,
                   {"is",    "are",   "was",     "were",   "be",      "been",  "being",  "am",     "has",   "have",
                    "had",   "isnt",  "arent",   "wasnt",  "werent",  "hasnt", "havent", "should", "must",  "will",
                    "would", "can",   "could",   "may",    "might",   "does",  "did",    "doesnt", "didnt", "wont",
                    "cant",  "stays", "stayed",  "seems",  "looks",   "went",  "goes",   "came",   "comes", "got",
                    "gets",  "keeps", "remains", "became", "becomes", "needs"});
}

bool is_condition(std::string_view word) {
  return is_one_of(word, {"if",      "when",      "whenever", "unless",  "until",    "till",  "after",   "before",
                          "while",   "once",      "not",      "never",   "dont",     "no",    "nor",     "or",
                          "without", "except",    "but",      "instead", "tomorrow", "later", "tonight", "today",
                          "soon",    "yesterday", "every",    "always",  "because",  "since", "than",    "neither",
                          "nothing", "none",      "already",  "whether", "still",    "apart", "besides"});
}

}  // namespace strawberry::bridge::rules
