/// The result of an operation outside the wire protocol: a value, or a Failure with one sentence that says what went
/// wrong and where. Expected failures are values. Exceptions of libraries are converted to results where the library is
/// called.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace strawberry {

struct Failure {
  std::string message;
};

template <class T, class E = Failure>
using Result = tl::expected<T, E>;

inline tl::unexpected<Failure> fail(std::string message) {
  return tl::unexpected<Failure>(Failure{std::move(message)});
}

}  // namespace strawberry
