#include "cli/spoke/discovery/template/evaluator.h"

#include <algorithm>
#include <cmath>

#include "cli/text.h"

namespace strawberry::cli::discovery {
namespace {

using Kind = Node::Kind;

const Value nothing = undefined();

/// Where a loop is.
Value loop_state(std::size_t index, std::size_t count) {
  return {{"index", index + 1},         {"index0", index}, {"first", index == 0},
          {"last", index + 1 == count}, {"length", count}, {"revindex", count - index}};
}

/// A text as a list of its characters.
Value characters_of(const std::string& text) {
  Value list = Value::array();
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    list.push_back(text.substr(at, end - at));
    at = end;
  }
  return list;
}

}  // namespace

std::string key_text(const Value& key) {
  if (!key.is_number_float()) return to_python_text(key);
  return to_python_text(whole_or_float(key.get<double>()));
}

Result<std::string, TemplateFailure> Evaluator::print(const Node& root) {
  run(root);
  if (!is_good()) return tl::unexpected(failure_);
  return std::move(out_);
}

Value Evaluator::fail(std::string message, bool is_missing) {
  if (is_good()) failure_ = {std::move(message), is_missing};
  has_failed_ = true;
  return undefined();
}

bool Evaluator::spend(std::size_t steps, std::size_t bytes) {
  if (!is_good()) return false;
  if (budget_.spend(steps, bytes)) return true;
  fail("it takes too long, or makes too much");
  return false;
}

void Evaluator::write(std::string_view text) {
  if (out_.size() + text.size() > output_bytes_max) {
    fail("it prints more than " + std::to_string(output_bytes_max) + " bytes");
  } else if (spend(1, text.size())) {
    out_ += text;
  }
}

// --- statements ---

void Evaluator::run(const Node& node) {
  if (!spend(1)) return;
  switch (node.kind) {
    case Kind::block:
      for (const auto& each : node.kids) run(*each);
      break;
    case Kind::text: write(node.text); break;
    case Kind::print: {
      Value own;
      const Value& value = look(*node.kids[0], own);
      if (is_good() && budget_.spend_copy(value)) write(to_python_text(value));
      if (budget_.is_over()) spend(1);
      break;
    }
    case Kind::branch: {
      Value own;
      const bool holds = is_truthy(look(*node.kids[0], own));
      const auto& then = holds ? node.kids[1] : node.kids[2];
      if (is_good() && then) run(*then);
      break;
    }
    case Kind::loop: run_loop(node); break;
    case Kind::assign: assign(node); break;
    case Kind::assign_text: {
      std::string outer;
      std::swap(outer, out_);
      run(*node.kids[0]);
      std::swap(outer, out_);
      if (is_good()) set(node.names[0], std::move(outer));
      break;
    }
    default: fail("a statement is missing");
  }
}

void Evaluator::run_loop(const Node& node) {
  Value list = evaluate(*node.kids[0]);
  if (!is_good()) return;
  if (list.is_object()) {
    Value names = Value::array();
    for (const auto& [name, member] : list.items()) names.push_back(name);
    list = std::move(names);
  }
  if (list.is_string()) list = characters_of(list.get<std::string>());
  if (is_undefined(list)) list = Value::array();
  if (!list.is_array()) {
    fail("a loop over what is no list: " + std::string(name_of_type(list)));
    return;
  }
  std::vector<Value> chosen;
  const auto enter = [&](const Value& each) {
    scopes_.emplace_back();
    if (node.names.size() == 1) return set(node.names[0], each);
    if (!each.is_array() || each.size() != node.names.size()) {
      fail("a loop wants " + std::to_string(node.names.size()) + " values at once");
      return;
    }
    for (std::size_t i = 0; i < node.names.size(); ++i) set(node.names[i], each[i]);
  };
  for (Value& each : list) {
    if (!spend(1)) return;
    bool is_chosen = true;
    if (node.kids[2]) {
      enter(each);
      Value own;
      is_chosen = is_good() && is_truthy(look(*node.kids[2], own));
      scopes_.pop_back();
    }
    if (is_chosen) chosen.push_back(std::move(each));
  }
  for (std::size_t i = 0; i < chosen.size() && is_good(); ++i) {
    enter(chosen[i]);
    set("loop", loop_state(i, chosen.size()));
    if (is_good()) run(*node.kids[1]);
    scopes_.pop_back();
  }
  if (chosen.empty() && node.kids[3] && is_good()) run(*node.kids[3]);
}

void Evaluator::set(const std::string& name, Value value) {
  if (!is_good()) return;
  Scope& scope = scopes_.back();
  const auto there = std::find_if(scope.begin(), scope.end(), [&](const auto& each) { return each.first == name; });
  if (there != scope.end()) {
    there->second = std::move(value);
  } else {
    scope.emplace_back(name, std::move(value));
  }
}

void Evaluator::assign(const Node& node) {
  Value value = evaluate(*node.kids[0]);
  if (!is_good()) return;
  if (!node.text.empty()) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      for (auto& [name, there] : *scope) {
        if (name != node.names[0]) continue;
        if (there.is_object()) {
          there[node.text] = std::move(value);
        } else {
          fail("no namespace: " + in_quotes(name, 40));
        }
        return;
      }
    }
    fail("no namespace: " + in_quotes(node.names[0], 40));
    return;
  }
  if (node.names.size() == 1) return set(node.names[0], std::move(value));
  if (!value.is_array() || value.size() != node.names.size()) {
    fail("an assignment wants " + std::to_string(node.names.size()) + " values");
    return;
  }
  for (std::size_t i = 0; i < node.names.size(); ++i) set(node.names[i], value[i]);
}

// --- expressions ---

const Value* Evaluator::variable(std::string_view name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    for (const auto& [known, value] : *scope) {
      if (known == name) return &value;
    }
  }
  for (const auto& [known, value] : variables_) {
    if (known == name) return value;
  }
  return &nothing;
}

const Value* Evaluator::member_of(const Value& value, const Node& node) {
  if (is_undefined(value)) {
    const auto& base = *node.kids[0];
    fail("it is undefined: " + in_quotes(base.text.empty() ? "the value before ." + node.text : base.text, 60));
    return &nothing;
  }
  if (!value.is_object()) return &nothing;
  const auto there = value.find(node.text);
  return there == value.end() ? &nothing : &*there;
}

const Value* Evaluator::item_of(const Value& value, const Value& key) {
  if (is_undefined(value)) {
    fail("an item of what is undefined: [" + in_quotes(key_text(key), 40) + "]");
  } else if (value.is_object()) {
    const auto there = value.find(key_text(key));
    if (there != value.end()) return &*there;
  } else if (value.is_array() && key.is_number_integer()) {
    const auto size = static_cast<std::int64_t>(value.size());
    std::int64_t at = key.get<std::int64_t>();
    if (at < 0) at += size;
    if (at >= 0 && at < size) return &value[static_cast<std::size_t>(at)];
  }
  return &nothing;
}

const Value* Evaluator::peek(const Node& node) {
  if (node.kind == Kind::name) return spend(1) ? variable(node.text) : &nothing;
  if (node.kind == Kind::constant) return &node.value;
  if (node.kind != Kind::member && node.kind != Kind::item) return nullptr;
  const Value* base = peek(*node.kids[0]);
  if (base == nullptr) return nullptr;
  if (!spend(1 + (base->is_object() ? base->size() / 16 : 0))) return &nothing;
  if (node.kind == Kind::member) return member_of(*base, node);
  if (base->is_string()) return nullptr;
  const Value key = evaluate(*node.kids[1]);
  return is_good() ? item_of(*base, key) : &nothing;
}

const Value& Evaluator::look(const Node& node, Value& own) {
  if (const Value* there = peek(node)) return *there;
  own = evaluate(node);
  return own;
}

Value Evaluator::evaluate(const Node& node) {
  if (!spend(1)) return undefined();
  switch (node.kind) {
    case Kind::constant:
    case Kind::name:
    case Kind::member:
    case Kind::item:
      if (const Value* there = peek(node)) {
        if (!is_good()) return undefined();
        if (!budget_.spend_copy(*there)) return spend(1), undefined();
        return *there;
      }
      return item(node);
    case Kind::list: {
      Value list = Value::array();
      for (const auto& each : node.kids) list.push_back(evaluate(*each));
      return list;
    }
    case Kind::dict: return dict(node);
    case Kind::slice: return slice(node);
    case Kind::operation: return operate(node);
    case Kind::binary: return binary(node);
    case Kind::compare: return compare_all(node);
    case Kind::both:
    case Kind::either: {
      Value left = evaluate(*node.kids[0]);
      if (!is_good() || is_truthy(left) == (node.kind == Kind::either)) return left;
      return evaluate(*node.kids[1]);
    }
    case Kind::opposite: {
      Value own;
      return !is_truthy(look(*node.kids[0], own));
    }
    case Kind::minus: {
      const Value value = evaluate(*node.kids[0]);
      if (!is_good()) return undefined();
      const auto number = as_number(value);
      if (!number) return fail("a minus before " + std::string(name_of_type(value)));
      return value.is_number_float() ? Value(-*number) : whole_or_float(-*number);
    }
    case Kind::conditional: {
      Value own;
      const bool holds = is_truthy(look(*node.kids[0], own));
      if (!is_good()) return undefined();
      if (holds) return evaluate(*node.kids[1]);
      return node.kids[2] ? evaluate(*node.kids[2]) : undefined();
    }
    default: return fail("no value: a statement stands where a value belongs");
  }
}

/// Of what is made on the way: a list, a text.
Value Evaluator::item(const Node& node) {
  const Value base = evaluate(*node.kids[0]);
  if (!is_good()) return undefined();
  if (node.kind == Kind::member) return *member_of(base, node);
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
