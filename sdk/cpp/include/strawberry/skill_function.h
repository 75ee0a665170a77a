/// Makes a skill of a C++ function: converts JSON arguments and results by its parameter and result types.
///
/// Parameters: bool, whole numbers, floating-point numbers, std::string, std::optional<T> (None), std::vector<T> (a
/// list), std::map<std::string, T> (a dict), nlohmann::json (anything); by value or const reference; optionally
/// preceded by a `const strawberry::CallContext&`. Result: anything that converts to nlohmann::json, std::optional, or
/// void. All is resolved at compile time; use it through Spoke::skill().
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <strawberry/call_context.h>
#include <strawberry/public.h>

namespace strawberry {
inline namespace v0 {

/// A C++ function after type erasure: one check for each parameter.
struct SkillFunction {
  /// Throws unless the parameter accepts that value.
  using Check = void (*)(const nlohmann::json& value);

  std::vector<Check> checks;
  /// Needs as many arguments as checks.
  std::function<nlohmann::json(const CallContext& context, const std::vector<nlohmann::json>& arguments)> run;
};

namespace skill_function {

/// Throws an error: the value is not `wanted`.
[[noreturn]] STRAWBERRY_PUBLIC void misfit(const char* wanted, const nlohmann::json& value);
[[noreturn]] STRAWBERRY_PUBLIC void out_of_range(std::int64_t min, std::uint64_t max, const nlohmann::json& value);

template <class T>
constexpr bool never = false;

template <class T, class = void>
struct Argument {
  static_assert(never<T>,
                "a skill's parameter is bool, a number, std::string, std::optional, std::vector, std::map<std::string, "
                "T> or nlohmann::json");
};
template <>
struct Argument<nlohmann::json> {
  static const nlohmann::json& from(const nlohmann::json& value) { return value; }
};
template <>
struct Argument<bool> {
  static bool from(const nlohmann::json& value) {
    if (!value.is_boolean()) misfit("true or false", value);
    return value.get<bool>();
  }
};
template <class T>
struct Argument<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
  static T from(const nlohmann::json& value) {
    constexpr auto min = std::numeric_limits<T>::min();
    constexpr auto max = std::numeric_limits<T>::max();
    if (value.is_number_unsigned()) {
      const auto number = value.get<std::uint64_t>();
      if (number <= static_cast<std::uint64_t>(max)) return static_cast<T>(number);
    } else if (value.is_number_integer()) {
      const auto number = value.get<std::int64_t>();
      if (number < 0 ? number >= static_cast<std::int64_t>(min) : static_cast<std::uint64_t>(number) <= max)
        return static_cast<T>(number);
    } else {
      misfit("a whole number", value);
    }
    out_of_range(static_cast<std::int64_t>(min), static_cast<std::uint64_t>(max), value);
  }
};
template <class T>
struct Argument<T, std::enable_if_t<std::is_floating_point_v<T>>> {
  static T from(const nlohmann::json& value) {
    if (!value.is_number()) misfit("a number", value);
    return value.get<T>();
  }
};
template <>
struct Argument<std::string> {
  static std::string from(const nlohmann::json& value) {
    if (!value.is_string()) misfit("text", value);
    return value.get<std::string>();
  }
};
template <class T>
struct Argument<std::optional<T>> {
  static std::optional<T> from(const nlohmann::json& value) {
    if (value.is_null()) return std::nullopt;
    return std::optional<T>(Argument<T>::from(value));
  }
};
template <class T>
struct Argument<std::vector<T>> {
  static std::vector<T> from(const nlohmann::json& value) {
    if (!value.is_array()) misfit("an array", value);
    std::vector<T> values;
    values.reserve(value.size());
    for (const auto& each : value) values.push_back(Argument<T>::from(each));
    return values;
  }
};
template <class Map>
struct MapArgument {
  static Map from(const nlohmann::json& value) {
    if (!value.is_object()) misfit("an object", value);
    Map values;
    for (const auto& member : value.items())
      values.emplace(member.key(), Argument<typename Map::mapped_type>::from(member.value()));
    return values;
  }
};
template <class T>
struct Argument<std::map<std::string, T>> : MapArgument<std::map<std::string, T>> {};
template <class T>
struct Argument<std::unordered_map<std::string, T>> : MapArgument<std::unordered_map<std::string, T>> {};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class T>
nlohmann::json json_of(T&& result) {
  using Plain = std::decay_t<T>;
  if constexpr (IsOptional<Plain>::value) {
    return result ? json_of(*std::forward<T>(result)) : nlohmann::json(nullptr);
  } else {
    static_assert(std::is_constructible_v<nlohmann::json, T>, "nlohmann::json cannot be made of a skill's result");
    return nlohmann::json(std::forward<T>(result));
  }
}

template <class Result, class... Parameters>
struct Shape {
  static_assert(((!std::is_lvalue_reference_v<Parameters> ||
                  std::is_const_v<std::remove_reference_t<Parameters>>)&&...),
                "a skill's parameters are values or const references");
  using ResultType = Result;
  static constexpr bool wants_context = false;
  using Types = std::tuple<std::decay_t<Parameters>...>;
};
template <class Result, class... Parameters>
struct Shape<Result, const CallContext&, Parameters...> : Shape<Result, Parameters...> {
  static constexpr bool wants_context = true;
};

template <class F>
struct ShapeOf : ShapeOf<decltype(&F::operator())> {};
template <class R, class... P>
struct ShapeOf<R (*)(P...)> : Shape<R, P...> {};
template <class R, class... P>
struct ShapeOf<R (*)(P...) noexcept> : Shape<R, P...> {};
template <class C, class R, class... P>
struct ShapeOf<R (C::*)(P...)> : Shape<R, P...> {};
template <class C, class R, class... P>
struct ShapeOf<R (C::*)(P...) const> : Shape<R, P...> {};
template <class C, class R, class... P>
struct ShapeOf<R (C::*)(P...) noexcept> : Shape<R, P...> {};
template <class C, class R, class... P>
struct ShapeOf<R (C::*)(P...) const noexcept> : Shape<R, P...> {};

template <class F, class = void>
struct HasOneShape : std::is_pointer<F> {};
template <class F>
struct HasOneShape<F, std::void_t<decltype(&F::operator())>> : std::true_type {};

template <class T>
void check(const nlohmann::json& value) {
  (void)Argument<T>::from(value);
}

template <class F, std::size_t... index>
SkillFunction adapt(F function, std::index_sequence<index...>) {
  using Of = ShapeOf<F>;
  using Types = typename Of::Types;
  SkillFunction adapted;
  adapted.checks = {&check<std::tuple_element_t<index, Types>>...};
  adapted.run = [function = std::move(function)](const CallContext& context,
                                                 const std::vector<nlohmann::json>& arguments) mutable {
    (void)context;
    (void)arguments;
    const auto call = [&]() -> decltype(auto) {
      if constexpr (Of::wants_context) {
        return function(context, Argument<std::tuple_element_t<index, Types>>::from(arguments[index])...);
      } else {
        return function(Argument<std::tuple_element_t<index, Types>>::from(arguments[index])...);
      }
    };
    if constexpr (std::is_void_v<typename Of::ResultType>) {
      call();
      return nlohmann::json(nullptr);
    } else {
      return json_of(call());
    }
  };
  return adapted;
}

template <class F>
SkillFunction adapt(F&& function) {
  using Plain = std::decay_t<F>;
  static_assert(HasOneShape<Plain>::value,
                "a skill is a function or a lambda whose parameters' types are written out, not auto");
  return adapt<Plain>(Plain(std::forward<F>(function)),
                      std::make_index_sequence<std::tuple_size_v<typename ShapeOf<Plain>::Types>>());
}

}  // namespace skill_function
}  // namespace v0
}  // namespace strawberry
