/// A template as a tree.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/spoke/discovery/template/value.h"

namespace strawberry::cli::discovery {

struct Operation;
struct Node;
using NodePtr = std::unique_ptr<const Node>;

struct Node {
  enum class Kind {
    constant,     // value
    name,         // text
    list,         // kids
    dict,         // kids: key, value, key, value
    member,       // kids[0] . text
    item,         // kids[0] [ kids[1] ]
    slice,        // kids[0] [ kids[1] : kids[2] ], the latter two may be null
    operation,    // a filter, test, function or method with kids as arguments: see `names`
    binary,       // kids[0] text kids[1]
    compare,      // kids[0] names[0] kids[1] names[1] kids[2] …
    both,         // kids[0] and kids[1]
    either,       // kids[0] or kids[1]
    opposite,     // not kids[0]
    minus,        // - kids[0]
    conditional,  // kids[1] if kids[0] else kids[2]; kids[2] may be null
    // Statements
    block,        // kids in sequence
    text,         // text
    print,        // kids[0]
    branch,       // if kids[0]: kids[1], else kids[2], which may be null
    loop,         // for names in kids[0], if kids[2]: kids[1]; else kids[3]; the last two may be null
    assign,       // set names[0] (and names[1]… from a list) = kids[0]; of a namespace: names[0], text
    assign_text,  // set names[0] = the output of kids[0]
  };
  Kind kind = Kind::constant;
  std::string text = {};
  Value value = {};
  const Operation* operation = nullptr;
  std::vector<NodePtr> kids = {};
  std::vector<std::string> names = {};  // for an operation: one for each kid, empty for positional ones
};

}  // namespace strawberry::cli::discovery
