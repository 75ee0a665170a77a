/// Halves of characters in what a model's server sends.
///
/// JSON writes a character beyond U+FFFF as two escapes, `\ud83c\udf53`. Some servers end one event between the two and
/// begin the next with the second: neither event is valid JSON. Here a lonely half is given a stand-in that can be
/// parsed, and the stand-ins of a pair become their character when the pieces of a text are put together. A half whose
/// other half does not come is U+FFFD.
///
/// The stand-ins are the last 2048 code points, U+10F800 to U+10FFFF, which are private: a text that has one of them
/// loses it to U+FFFD.
///
/// Pure.   Bounds: no text becomes longer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace strawberry::bridge {

/// `json` with a stand-in for each escape of a lonely half. Says nothing about the rest of the syntax.
std::string with_stand_ins(std::string_view json);

/// A text that comes in pieces, each valid UTF-8.
class HalfJoiner {
 public:
  /// The text of `piece`, without a first half at its end, which waits for the next piece.
  std::string add(std::string_view piece);
  /// No piece follows: U+FFFD for a first half that still waits, else nothing.
  std::string finish();

 private:
  std::uint32_t first_ = 0;  // the half that waits
  bool is_waiting_ = false;
};

/// A text that is there as a whole.
std::string join_halves(std::string_view text);

}  // namespace strawberry::bridge
