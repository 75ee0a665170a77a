/// Joins halves of characters (surrogates) that model servers send separately.
///
/// JSON writes a character beyond U+FFFF as two escapes, `\ud83c\udf53`. Some servers end one event between the two and
/// begin the next with the second: neither event is valid JSON. A lone half is replaced by a stand-in that can be
/// parsed, and the stand-ins of a pair become their character when the pieces of a text are joined. A half without its
/// other half becomes U+FFFD.
///
/// The stand-ins are the last 2048 code points, U+10F800 to U+10FFFF, which are private: a text that contains one of
/// them loses it to U+FFFD.
///
/// Pure.   Bounds: no text becomes longer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace strawberry::bridge {

/// Replaces each escape of a lone half in `json` by a stand-in. Does not check the rest of the syntax.
std::string with_stand_ins(std::string_view json);

/// Joins a text that arrives in pieces, each valid UTF-8.
class HalfJoiner {
 public:
  /// Returns the text of `piece`, without a first half at its end, which is kept for the next piece.
  std::string add(std::string_view piece);
  /// Called when no piece follows: returns U+FFFD for a first half that was kept, else nothing.
  std::string finish();

 private:
  std::uint32_t first_ = 0;  // the half that was kept
  bool is_waiting_ = false;
};

/// Joins the halves in a complete text.
std::string join_halves(std::string_view text);

}  // namespace strawberry::bridge
