/// The text of streamed answers: pieces are added as the model sends them, and taken as soon as they may be sent,
/// combined when several had to wait. The text taken is in order and complete, up to the limit at which the answer
/// itself is cut.
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
    std::size_t delta_bytes_max = 64 * 1024;    // a longer waiting text is sent as several
    std::size_t answer_bytes_max = 256 * 1024;  // of one answer; the rest is cut there, too
  };

  explicit DeltaStream(Options options) : options_(options) {}

  void add(std::string_view text);
  /// Called when the answer is complete: adds the part of `whole` that was not streamed, which is all of it when the
  /// model does not stream. Adds nothing when the streamed text differs.
  void answered(std::string_view whole);
  /// Returns the text that may be sent now, in whole characters, if there is any.
  std::optional<std::string> take();
  bool has_text() const { return taken_ < said_.size(); }
  /// The next add() begins another answer; the rest of this one is still taken first.
  void next_answer();

 private:
  std::size_t whole_characters_end() const;

  const Options options_;
  std::string said_;              // the text that was not yet removed
  std::size_t answer_begin_ = 0;  // position in said_ where this answer begins
  std::size_t taken_ = 0;         // number of bytes already taken
};

}  // namespace strawberry::bridge
