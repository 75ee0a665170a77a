/// A bare broker and a whole hub next to each other, and at each the same caller and the same device.
///
/// Life: ready when constructed, gone with the object.   Errors: throws.
#pragma once

#include <map>
#include <string>

#include "tests/bench/fleet.h"
#include "tests/bench/hub.h"
#include "tests/bench/pair.h"

namespace strawberry::bench {

struct SideBySide {
  /// `environment`: additions to the bridge's.
  explicit SideBySide(const std::map<std::string, std::string>& environment = {}) : hub(environment) {}

  test::BrokerProcess bare{[] {
    test::BrokerProcess::Options options;
    options.config = broker_config();
    return options;
  }()};
  Hub hub;
  Hub::Device caller = hub.add_device("Kitchen Tablet");
  Hub::Device device = hub.add_device("Living Room Speaker");
  Pair direct{bare.port(), direct_route(), caller.id, "", device.id, ""};
  Pair through_hub{hub.port(), routed(caller.id, device.id), caller.id, caller.token, device.id, device.token};
};

}  // namespace strawberry::bench
