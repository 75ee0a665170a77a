#include "bridge/llm/rules/understand.h"

#include <algorithm>
#include <map>

#include "bridge/llm/rules/manner.h"
#include "bridge/llm/rules/match_skill.h"
#include "bridge/llm/rules/normal_form.h"
#include "bridge/protocol/text.h"

namespace strawberry::rules {
namespace {

constexpr double equal_within = 0.75;
constexpr double clearly_better = 4;
constexpr std::size_t names_listed_max = 8;

std::string join(const std::vector<std::string>& parts, const std::string& last_separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size() && i < names_listed_max; ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? last_separator : ", ") + printable(parts[i], 100);
  if (parts.size() > names_listed_max) text += " and " + std::to_string(parts.size() - names_listed_max) + " more";
  return text;
}

std::string path_of(const Fit& fit) { return printable(fit.skill->tool->skill->path(), 160); }

std::string kind_name(const Slot& slot) {
  switch (slot.kind) {
    case Slot::Kind::integer: return "a whole number";
    case Slot::Kind::number: return "a number";
    case Slot::Kind::boolean: return "on or off";
    case Slot::Kind::list: return "a list";
    case Slot::Kind::text: return "text; quotation marks help";
    case Slot::Kind::other: return "something I cannot read from words";
    case Slot::Kind::choice: break;
  }
  std::vector<std::string> choices;
  for (const auto& choice : slot.choices)
    choices.push_back(choice.is_string() ? choice.get<std::string>() : choice.dump());
  return join(choices, " or ");
}

std::string describe_skill(const Tool& tool) {
  std::vector<std::string> devices;
  for (const auto& device : tool.skill->devices)
    devices.push_back(device.name + (device.connected ? "" : " (offline)"));
  std::string text = printable(tool.skill->path(), 160) + " on " + join(devices, " and ");
  const auto& doc = tool.skill->skill.docstring;
  const auto line = doc.substr(0, doc.find('\n'));
  if (!line.empty()) text += ": " + printable(line, 120);
  return text;
}

class Understanding {
 public:
  Understanding(const std::string& text, const std::vector<Tool>& tools, std::size_t listed_max)
      : sentence_(normal_form(read_sentence(text))), listed_max_(listed_max) {
    std::map<std::string, OfferingDevice> devices;
    for (const auto& tool : tools) {
      if (!tool.skill) continue;
      offered_.push_back(&tool);
      for (const auto& device : tool.skill->devices) devices.emplace(device.device_id, device);
      if (auto view = view_skill(tool)) views_.push_back(std::move(*view));
    }
    for (auto& [id, device] : devices) devices_.push_back(std::move(device));
  }

  Decision decide() {
    if (auto several = decide_several()) return std::move(*several);
    return decide_on(fits_of(0, sentence_.words.size()));
  }

 private:
  std::vector<Fit> fits_of(std::size_t from, std::size_t to) const {
    std::vector<Fit> fits;
    const auto said = how_said(sentence_, from, to);
    if (said.manner == Manner::statement) return fits;
    from = said.begin;
    for (const auto& view : views_)
      if (said.manner == Manner::command || view.is_reading)
        if (auto fit = match_skill(view, sentence_, from, to, devices_)) fits.push_back(std::move(*fit));
    std::stable_sort(fits.begin(), fits.end(), [](const Fit& a, const Fit& b) { return a.score > b.score; });
    return fits;
  }

  static std::vector<Fit> of_kind(const std::vector<Fit>& fits, Fit::Kind kind) {
    std::vector<Fit> chosen;
    for (const auto& fit : fits)
      if (fit.kind == kind) chosen.push_back(fit);
    return chosen;
  }

  static bool is_tied(const std::vector<Fit>& fits) {
    return fits.size() > 1 && fits[0].score - fits[1].score < equal_within;
  }

  /// `turn on the light and play Yesterday`: only when each part is a command by itself.
  std::optional<Decision> decide_several() const {
    std::vector<std::pair<std::size_t, std::size_t>> parts;
    std::size_t from = 0;
    const auto& words = sentence_.words;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i].is_quoted || (words[i].fold != "and" && words[i].fold != "then")) continue;
      if (i > from) parts.emplace_back(from, i);
      from = i + 1;
    }
    if (parts.empty() || from >= words.size() || parts.size() >= commands_max) return std::nullopt;
    parts.emplace_back(from, words.size());
    Decision decision;
    for (const auto& [begin, end] : parts) {
      const auto complete = of_kind(fits_of(begin, end), Fit::Kind::complete);
      if (complete.empty() || is_tied(complete) || complete.front().score < 8) return std::nullopt;
      decision.calls.push_back({complete.front().skill->tool, complete.front().arguments});
    }
    return decision;
  }

  Decision decide_on(const std::vector<Fit>& fits) const {
    if (fits.empty()) return {{}, nothing_fits(), false};
    const auto complete = of_kind(fits, Fit::Kind::complete);
    // What can be called goes first, unless something that cannot fits far better.
    if (!complete.empty() && complete.front().score + clearly_better > fits.front().score) {
      if (is_tied(complete)) return say(tie(complete));
      return {{{complete.front().skill->tool, complete.front().arguments}}, {}, true};
    }
    const Fit& best = fits.front();
    switch (best.kind) {
      case Fit::Kind::which_device:
        return say("Which device do you mean for " + path_of(best) + ": " + join(best.devices, " or ") + "?");
      case Fit::Kind::other_device:
        return say(join(best.devices, " and ") + (best.devices.size() > 1 ? " do" : " does") + " not offer " +
                   path_of(best) + ".");
      case Fit::Kind::unclear: return say(best.doubts.front());
      case Fit::Kind::missing:
      case Fit::Kind::complete: break;
    }
    return say(missing(best));
  }

  static Decision say(std::string words) { return {{}, std::move(words), true}; }

  static std::string tie(const std::vector<Fit>& complete) {
    std::vector<std::string> skills;
    for (const auto& fit : complete) {
      if (complete.front().score - fit.score >= equal_within) break;
      skills.push_back(path_of(fit) + " on " + printable(fit.skill->tool->skill->devices.front().name, 100));
    }
    return "More than one skill fits equally well: " + join(skills, " and ") +
           ". I did nothing; name the device, or what it is about, more exactly.";
  }

  static std::string missing(const Fit& fit) {
    std::vector<std::string> wants;
    for (const auto& slot : fit.skill->slots)
      if (std::find(fit.missing.begin(), fit.missing.end(), slot.name) != fit.missing.end())
        wants.push_back(slot.name + " (" + kind_name(slot) + ")");
    return "For " + path_of(fit) + " I still need " + join(wants, " and ") + ".";
  }

  std::string nothing_fits() const {
    const std::string who = "I am the hub's built-in rules, not a language model. ";
    if (offered_.empty()) return who + "None of your devices offers a skill right now, so there is nothing I can do.";
    std::string text = who + "No skill fits what you wrote. I can do:";
    for (std::size_t i = 0; i < offered_.size() && i < listed_max_; ++i) text += "\n- " + describe_skill(*offered_[i]);
    if (offered_.size() > listed_max_) text += "\nand " + std::to_string(offered_.size() - listed_max_) + " more.";
    return text;
  }

  Sentence sentence_;
  std::size_t listed_max_;
  std::vector<const Tool*> offered_;
  std::vector<SkillView> views_;
  std::vector<OfferingDevice> devices_;
};

}  // namespace

Decision understand(const std::string& text, const std::vector<Tool>& tools, std::size_t listed_max) {
  return Understanding(text, tools, listed_max).decide();
}

}  // namespace strawberry::rules
