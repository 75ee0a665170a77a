#include "cli/spoke/discovery/template/evaluator.h"

#include <algorithm>

#include "cli/text.h"

namespace strawberry::cli::discovery {
namespace {

using Kind = Node::Kind;

const Value nothing = undefined();
constexpr std::size_t loop_steps = 4;  // for each round, which has variables of its own

/// Returns the variable `loop`.
Value loop_state(std::size_t index, std::size_t count) {
  return {{"index", index + 1},         {"index0", index}, {"first", index == 0},
          {"last", index + 1 == count}, {"length", count}, {"revindex", count - index}};
}

}  // namespace

Result<std::string, TemplateFailure> Evaluator::print(const Node& root) {
  run(root);
  if (!is_good()) return tl::unexpected(failure_);
  return std::move(out_);
}

Value Evaluator::fail(std::string message, bool is_missing) {
  if (is_good()) failure_ = {std::move(message), is_missing, failure_.is_over};
  has_failed_ = true;
  return undefined();
}

bool Evaluator::spend(std::size_t steps, std::size_t bytes) {
  if (!is_good()) return false;
  if (budget_.spend(steps, bytes)) return true;
  if (is_good()) failure_.is_over = true;
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
  if (list.is_string()) list = characters_of(list.get_ref<const std::string&>());
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
    if (!spend(loop_steps)) return;
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

}  // namespace strawberry::cli::discovery
