#include "bridge/rules/device_choice.h"

#include <algorithm>
#include <utility>

#include "bridge/rules/weights.h"

namespace strawberry::bridge::rules {
namespace {

using Candidates = std::vector<const OfferingDevice*>;

void prefer_connected(Candidates& candidates) {
  Candidates connected = candidates;
  std::erase_if(connected, [](const OfferingDevice* device) { return !device->connected; });
  if (!connected.empty()) candidates = std::move(connected);
}

class DeviceChooser {
 public:
  DeviceChooser(Fit& fit, const Spoken& spoken, const Household& household)
      : fit_(fit), skill_(*fit.skill), spoken_(spoken), household_(household) {}

  void choose() const {
    if (!spoken_.mentions.empty()) fit_.score += weights.device;
    for (const auto& mention : spoken_.mentions) {
      auto meant = devices_meant(skill_, mention);
      if (meant.empty()) return tell_other_device(mention);
      if (meant.size() > 1) prefer_connected(meant);
      if (meant.size() > 1 && !spoken_.is_all && !spoken_.is_pronoun) {
        if (fit_.kind != Fit::Kind::complete) return;
        fit_.kind = Fit::Kind::which_device;
        fit_.devices = std::move(meant);
        return;
      }
      for (const auto* device : meant)
        if (std::find(fit_.chosen.begin(), fit_.chosen.end(), device) == fit_.chosen.end())
          fit_.chosen.push_back(device);
    }
    if (spoken_.mentions.empty()) choose_unnamed();
    if (spoken_.is_both && fit_.chosen.size() > 2 && fit_.kind == Fit::Kind::complete) {
      fit_.kind = Fit::Kind::which_device;
      fit_.devices = std::move(fit_.chosen);
    }
    if (fit_.chosen.size() > devices_at_once_max && fit_.kind == Fit::Kind::complete) {
      fit_.kind = Fit::Kind::too_many;
      fit_.devices = std::move(fit_.chosen);
    }
  }

 private:
  void choose_unnamed() const {
    const auto& offering = skill_.ability->skill->devices;
    Candidates candidates;
    for (const auto& device : offering) candidates.push_back(&device);
    if (spoken_.is_all && skill_.ability->skill->more_devices > 0) {
      if (fit_.kind == Fit::Kind::complete) fit_.kind = Fit::Kind::too_many;
      fit_.devices = std::move(candidates);
      return;
    }
    if (spoken_.is_all) {
      prefer_connected(candidates);
      fit_.chosen = std::move(candidates);
      return;
    }
    if (skill_.ability->device_parameter.empty() || candidates.size() == 1) {
      fit_.chosen = {candidates.front()};
      return;
    }
    if (!skill_.ability->needs_device) return;
    prefer_connected(candidates);
    if (candidates.size() == 1) {
      fit_.chosen = std::move(candidates);
      return;
    }
    if (fit_.kind != Fit::Kind::complete) return;
    fit_.kind = Fit::Kind::which_device;
    fit_.devices = std::move(candidates);
  }

  void tell_other_device(const Mention& mention) const {
    fit_.kind = Fit::Kind::other_device;
    fit_.chosen.clear();
    for (const auto& device : household_.devices)
      if (contains(mention.device_ids, device.device_id)) fit_.devices.push_back(&device);
  }

  Fit& fit_;
  const SkillView& skill_;
  const Spoken& spoken_;
  const Household& household_;
};

}  // namespace

std::vector<const OfferingDevice*> devices_meant(const SkillView& skill, const Mention& mention) {
  Candidates meant;
  for (const auto& device : skill.ability->skill->devices)
    if (contains(mention.device_ids, device.device_id)) meant.push_back(&device);
  return meant;
}

void choose_device(Fit& fit, const Spoken& spoken, const Household& household) {
  DeviceChooser(fit, spoken, household).choose();
}

}  // namespace strawberry::bridge::rules
