#include "bridge/skills/skill_text.h"

#include <cstring>
#include <functional>
#include <new>

namespace strawberry::bridge {

/// One piece of memory: this, then `class\nfunction\ndocstring`, the signature and the schema.
struct SkillText::Entry {
  SkillTexts* owner;
  std::size_t hash;
  std::size_t uses;
  std::uint32_t class_bytes;
  std::uint32_t function_bytes;
  std::uint32_t docstring_bytes;
  std::uint32_t signature_bytes;
  std::uint32_t schema_bytes;
  bool device_agnostic;
  bool confirm;

  char* text() { return reinterpret_cast<char*>(this + 1); }
  const char* text() const { return reinterpret_cast<const char*>(this + 1); }
  std::size_t searched_bytes() const { return std::size_t{class_bytes} + 1 + function_bytes + 1 + docstring_bytes; }
};

namespace {

std::size_t hash_of(const SkillRow& row) {
  std::size_t hash = (row.device_agnostic ? 1U : 0U) + (row.confirm ? 2U : 0U);
  for (const std::string* text :
       {&row.class_name, &row.function_name, &row.signature, &row.docstring, &row.input_schema}) {
    hash = (hash ^ std::hash<std::string_view>()(*text)) * 0x9E3779B97F4A7C15U;
  }
  return hash;
}

}  // namespace

// --- one share ---

SkillText::SkillText(Entry* entry) noexcept : entry_(entry) { ++entry_->uses; }

SkillText::SkillText(const SkillText& other) noexcept : entry_(other.entry_) {
  if (entry_ != nullptr) ++entry_->uses;
}

SkillText& SkillText::operator=(SkillText other) noexcept {
  std::swap(entry_, other.entry_);
  return *this;
}

SkillText::~SkillText() {
  if (entry_ == nullptr || --entry_->uses > 0) return;
  entry_->owner->entries_.erase(entry_);
  ::operator delete(entry_);
}

std::string_view SkillText::class_name() const { return {entry_->text(), entry_->class_bytes}; }
std::string_view SkillText::function_name() const {
  return {entry_->text() + entry_->class_bytes + 1, entry_->function_bytes};
}
std::string_view SkillText::docstring() const {
  return {entry_->text() + entry_->searched_bytes() - entry_->docstring_bytes, entry_->docstring_bytes};
}
std::string_view SkillText::signature() const {
  return {entry_->text() + entry_->searched_bytes(), entry_->signature_bytes};
}
std::string_view SkillText::input_schema() const {
  return {entry_->text() + entry_->searched_bytes() + entry_->signature_bytes, entry_->schema_bytes};
}
bool SkillText::takes_the_same(const SkillText& other) const {
  return signature() == other.signature() && input_schema() == other.input_schema();
}
bool SkillText::device_agnostic() const { return entry_->device_agnostic; }
bool SkillText::confirm() const { return entry_->confirm; }
std::string_view SkillText::searched() const { return {entry_->text(), entry_->searched_bytes()}; }
std::size_t SkillText::bytes() const { return entry_->searched_bytes() - 2 + entry_->signature_bytes; }

SkillRow SkillText::row() const {
  return {std::string(class_name()),  std::string(function_name()),
          std::string(signature()),   std::string(docstring()),
          device_agnostic(),          confirm(),
          std::string(input_schema())};
}

// --- all of them ---

std::size_t SkillTexts::Hash::operator()(const SkillText::Entry* entry) const noexcept { return entry->hash; }
std::size_t SkillTexts::Hash::operator()(const SkillRow& row) const noexcept { return hash_of(row); }

bool SkillTexts::Equal::operator()(const SkillRow& row, const SkillText::Entry* entry) const noexcept {
  const auto is = [at = entry->text()](const std::string& text, std::size_t start, std::size_t bytes) {
    return text.size() == bytes && std::memcmp(text.data(), at + start, bytes) == 0;
  };
  const std::size_t function_start = std::size_t{entry->class_bytes} + 1;
  const std::size_t docstring_start = function_start + entry->function_bytes + 1;
  return is(row.class_name, 0, entry->class_bytes) && is(row.function_name, function_start, entry->function_bytes) &&
         is(row.docstring, docstring_start, entry->docstring_bytes) &&
         is(row.signature, docstring_start + entry->docstring_bytes, entry->signature_bytes) &&
         is(row.input_schema, docstring_start + entry->docstring_bytes + entry->signature_bytes, entry->schema_bytes) &&
         row.device_agnostic == entry->device_agnostic && row.confirm == entry->confirm;
}

SkillTexts::~SkillTexts() = default;

SkillText SkillTexts::share(const SkillRow& skill) {
  if (const auto known = entries_.find(skill); known != entries_.end()) return SkillText(*known);
  const auto size = [](const std::string& text) { return static_cast<std::uint32_t>(text.size()); };
  const std::size_t text_bytes = skill.class_name.size() + 1 + skill.function_name.size() + 1 + skill.docstring.size() +
                                 skill.signature.size() + skill.input_schema.size();
  auto* entry = new (::operator new(sizeof(SkillText::Entry) + text_bytes)) SkillText::Entry{this,
                                                                                             hash_of(skill),
                                                                                             0,
                                                                                             size(skill.class_name),
                                                                                             size(skill.function_name),
                                                                                             size(skill.docstring),
                                                                                             size(skill.signature),
                                                                                             size(skill.input_schema),
                                                                                             skill.device_agnostic,
                                                                                             skill.confirm};
  char* at = entry->text();
  const auto add = [&at](std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  };
  add(skill.class_name);
  add("\n");
  add(skill.function_name);
  add("\n");
  add(skill.docstring);
  add(skill.signature);
  add(skill.input_schema);
  SkillText share(entry);  // owns it, should inserting fail
  entries_.insert(entry);
  return share;
}

}  // namespace strawberry::bridge
