// Evaluator: items, slices, comparisons, arithmetic.
#include <algorithm>
#include <cmath>

#include "cli/spoke/discovery/template/evaluator.h"

namespace strawberry::cli::discovery {

std::string key_text(const Value& key) {
  if (!key.is_number_float()) return to_python_text(key);
  return to_python_text(whole_or_float(key.get<double>()));
}

/// Returns an item of a temporary value: a list, a text.
Value Evaluator::item(const Node& node) {
  const Value base = evaluate(*node.kids[0]);
  if (!is_good()) return undefined();
  if (node.kind == Node::Kind::member) return *member_of(base, node);
  const Value key = evaluate(*node.kids[1]);
  if (!is_good()) return undefined();
  if (!base.is_string()) return *item_of(base, key);
  const auto& text = base.get_ref<const std::string&>();
  return spend(text.size() / 8, text.size()) ? *item_of(characters_of(text), key) : undefined();
}

Value Evaluator::slice(const Node& node) {
  Value base = evaluate(*node.kids[0]);
  const Value from = node.kids[1] ? evaluate(*node.kids[1]) : Value();
  const Value to = node.kids[2] ? evaluate(*node.kids[2]) : Value();
  if (!is_good()) return undefined();
  const bool is_text = base.is_string();
  if (is_text) {
    const auto& text = base.get_ref<const std::string&>();
    if (!spend(text.size() / 8, text.size())) return undefined();
    base = characters_of(text);
  }
  if (!base.is_array()) return fail("a slice of " + std::string(name_of_type(base)));
  if ((!from.is_null() && !from.is_number_integer()) || (!to.is_null() && !to.is_number_integer()))
    return fail("a slice wants whole numbers");
  const auto size = static_cast<std::int64_t>(base.size());
  const auto bound = [&](const Value& given, std::int64_t otherwise) {
    if (given.is_null()) return otherwise;
    const auto at = given.get<std::int64_t>();
    return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
  };
  const std::int64_t begin = bound(from, 0), end = std::max(begin, bound(to, size));
  if (is_text) {
    std::string text;
    for (auto i = begin; i < end; ++i) text += base[static_cast<std::size_t>(i)].get_ref<const std::string&>();
    return text;
  }
  return Value(std::vector<Value>(base.begin() + begin, base.begin() + end));
}

Value Evaluator::dict(const Node& node) {
  Value made = Value::object();
  for (std::size_t i = 0; i + 1 < node.kids.size() && is_good(); i += 2) {
    const Value key = evaluate(*node.kids[i]);
    Value value = evaluate(*node.kids[i + 1]);
    if (is_good()) made[key_text(key)] = std::move(value);
  }
  return made;
}

Value Evaluator::compare_all(const Node& node) {
  Value left_own;
  const Value* left = &look(*node.kids[0], left_own);
  for (std::size_t i = 0; i < node.names.size() && is_good(); ++i) {
    Value right_own;
    const Value* right = &look(*node.kids[i + 1], right_own);
    if (!is_good() || !holds(node.names[i], *left, *right)) return false;
    if (right == &right_own) {
      left_own = std::move(right_own);
      left = &left_own;
    } else {
      left = right;
    }
  }
  return is_good();
}

bool Evaluator::holds(const std::string& sign, const Value& left, const Value& right) {
  if (!spend(1 + (left.is_structured() ? left.size() : 0))) return false;
  if (sign == "==") return is_equal(left, right);
  if (sign == "!=") return !is_equal(left, right);
  if (sign == "in") return contains(right, left);
  if (sign == "not in") return !contains(right, left);
  const auto order = compare(left, right);
  if (!order) {
    fail("they cannot be compared with " + sign + ": " + std::string(name_of_type(left)) + " and " +
         std::string(name_of_type(right)));
    return false;
  }
  if (sign == "<") return *order < 0;
  if (sign == ">") return *order > 0;
  return sign == "<=" ? *order <= 0 : *order >= 0;
}

bool Evaluator::contains(const Value& all, const Value& one) {
  if (!spend(1 + (all.is_structured() ? all.size() : 0))) return false;
  if (all.is_string()) {
    if (one.is_string())
      return all.get_ref<const std::string&>().find(one.get_ref<const std::string&>()) != std::string::npos;
    fail("'in' a text looks for a text, not " + std::string(name_of_type(one)));
    return false;
  }
  if (all.is_object()) return all.contains(key_text(one));
  if (all.is_array())
    return std::any_of(all.begin(), all.end(), [&](const Value& each) { return is_equal(each, one); });
  if (!is_undefined(all)) fail("'in' cannot look into " + std::string(name_of_type(all)));
  return false;
}

Value Evaluator::binary(const Node& node) {
  Value left_own, right_own;
  const Value& left = look(*node.kids[0], left_own);
  const Value& right = look(*node.kids[1], right_own);
  if (!is_good()) return undefined();
  if (node.text == "~") {
    if (!budget_.spend_copy(left) || !budget_.spend_copy(right)) return spend(1), undefined();
    std::string text = to_python_text(left) + to_python_text(right);
    return spend(1, text.size()) ? Value(std::move(text)) : undefined();
  }
  if (node.text == "+") return add(left, right);
  if (node.text == "%" && left.is_string()) {
    OperationCall call{.budget = budget_};
    Value text = format_percent(call, left.get<std::string>(),
                                right.is_array() ? right.get<std::vector<Value>>() : std::vector<Value>{right});
    return call.error.empty() ? text : fail(call.error);
  }
  const bool is_repetition = node.text == "*" && (left.is_string() || left.is_array()) && right.is_number_integer();
  if (is_repetition) {
    const auto times = std::max<std::int64_t>(0, right.get<std::int64_t>());
    const auto size = left.is_string() ? left.get_ref<const std::string&>().size() : left.size() * 16;
    if (size > 0 && times > static_cast<std::int64_t>(made_bytes_max / size)) return spend(steps_max + 1), undefined();
    if (!spend(static_cast<std::size_t>(times), size * static_cast<std::size_t>(times))) return undefined();
    Value made = left.is_string() ? Value("") : Value::array();
    for (std::int64_t i = 0; i < times; ++i) {
      if (left.is_string()) {
        made.get_ref<std::string&>() += left.get_ref<const std::string&>();
      } else {
        made.insert(made.end(), left.begin(), left.end());
      }
    }
    return made;
  }
  return calculate(node.text, left, right);
}

Value Evaluator::add(const Value& left, const Value& right) {
  if (left.is_string() && right.is_string()) {
    const auto& a = left.get_ref<const std::string&>();
    const auto& b = right.get_ref<const std::string&>();
    return spend(1, a.size() + b.size()) ? Value(a + b) : undefined();
  }
  if (left.is_array() && right.is_array()) {
    if (!budget_.spend_copy(left) || !budget_.spend_copy(right)) return spend(1), undefined();
    Value all = left;
    all.insert(all.end(), right.begin(), right.end());
    return all;
  }
  return calculate("+", left, right);
}

Value Evaluator::calculate(const std::string& sign, const Value& left, const Value& right) {
  const auto a = as_number(left), b = as_number(right);
  if (!a || !b)
    return fail("'" + sign + "' between " + std::string(name_of_type(left)) + " and " +
                std::string(name_of_type(right)));
  const bool are_whole = !left.is_number_float() && !right.is_number_float();
  const auto in_kind = [&](double number) {
    if (!std::isfinite(number)) return fail("a number is too large");
    return are_whole ? whole_or_float(number) : Value(number);
  };
  if (sign == "+") return in_kind(*a + *b);
  if (sign == "-") return in_kind(*a - *b);
  if (sign == "*") return in_kind(*a * *b);
  if (sign == "**") return in_kind(std::pow(*a, *b));
  if (*b == 0) return fail("a division by zero");
  if (sign == "/") return Value(*a / *b);
  if (sign == "//") return in_kind(std::floor(*a / *b));
  return in_kind(*a - *b * std::floor(*a / *b));
}

Value Evaluator::operate(const Node& node) {
  OperationCall call{.budget = budget_, .now = now_};
  if (node.kids[0]) call.input = evaluate(*node.kids[0]);
  for (std::size_t i = 1; i < node.kids.size() && is_good(); ++i) {
    Value value = evaluate(*node.kids[i]);
    if (node.names[i].empty()) {
      call.args.push_back(std::move(value));
    } else {
      call.named.emplace_back(node.names[i], std::move(value));
    }
  }
  if (!is_good()) return undefined();
  Value result = node.operation->run(call);
  if (budget_.is_over()) return spend(1), undefined();
  if (!call.error.empty()) return fail(node.text + ": " + call.error, call.is_missing);
  return result;
}

}  // namespace strawberry::cli::discovery
