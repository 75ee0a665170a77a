/// What an operation outside the wire protocol returns: a value, or a Failure that says in one
/// sentence what went wrong and where. Expected failures are values; exceptions stay inside the
/// libraries that throw them and are turned into results at their edge.
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
