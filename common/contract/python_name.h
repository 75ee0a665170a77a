/// Names as Python has them: letters of any script, digits and `_`, no keyword (PEP 3131).
///
/// Pure. Unicode's tables are those of utf8proc, which may be of another version than a given Python's: of the newest
/// letters the two may think differently.
#pragma once

#include <string>
#include <string_view>

namespace strawberry {

/// `name` as Python keeps it (NFKC), so that two spellings of one name are one; empty when it is no identifier.
std::string python_identifier(std::string_view name);

/// Words that cannot name anything: `class`, `None`, `lambda`, … and `__debug__`.
bool is_python_keyword(std::string_view name);

/// In ASCII, for those who take nothing else: accents are dropped, each other letter is one `_`.
std::string ascii_name(std::string_view name);

}  // namespace strawberry
