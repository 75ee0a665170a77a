/// Python identifiers: letters of any script, digits and `_`, not a keyword (PEP 3131).
///
/// Pure. utf8proc's Unicode tables may be of another version than those of a given Python: the two may disagree about
/// the newest letters.
#pragma once

#include <string>
#include <string_view>

namespace strawberry {

/// Returns `name` in NFKC, as Python does, so that all spellings of a name are equal; empty when it is not an
/// identifier.
std::string python_identifier(std::string_view name);

/// True for words that cannot be a name: `class`, `None`, `lambda`, … and `__debug__`.
bool is_python_keyword(std::string_view name);

/// Returns the name in ASCII, for systems that accept nothing else: accents are dropped, each other letter becomes `_`.
std::string ascii_name(std::string_view name);

}  // namespace strawberry
