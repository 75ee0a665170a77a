/// The text of streamed answers on its way out: pieces go in as the model says them, and come out as soon as they may
/// leave, together when several had to wait. What comes out is in order and complete, up to the bound at which the
/// answer itself is cut.
///
/// Pure; one turn, several answers one after the other.   Bounds: Options.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace strawberry::bridge {

class DeltaStream {
 public:
  struct Options {
    std::size_t delta_bytes_max = 64 * 1024;    // what waited longer leaves as several
    std::size_t answer_bytes_max = 256 * 1024;  // of one answer; what is beyond it is cut there too
  };

  explicit DeltaStream(Options options) : options_(options) {}

  void add(std::string_view text);
  /// The answer is whole: what of `whole` was not said in pieces is added, which is all of it when the model does not
  /// stream. Nothing is added to an answer that turned out different.
  void answered(std::string_view whole);
  /// What may leave now, in whole characters; nothing when there is none.
  std::optional<std::string> take();
  bool has_text() const { return taken_ < said_.size(); }
  /// The next add() begins another answer; what is left of this one is still taken first.
  void next_answer();

 private:
  std::size_t whole_characters_end() const;

  const Options options_;
  std::string said_;              // from some point on
  std::size_t answer_begin_ = 0;  // where in it this answer begins
  std::size_t taken_ = 0;         // how much of it has left
};

}  // namespace strawberry::bridge
