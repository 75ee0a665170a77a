/// What is counted of the hub, as Prometheus text. What other parts count already comes as Readings when it is asked
/// for; only what nobody else keeps is observed here: how long things took, and which code they ended with.
///
/// Names follow Prometheus, and OpenTelemetry's semantic conventions for generative AI where those have one
/// (docs/operations.md lists them). No label is a person or a device.
///
/// Threading: loop only (asserted).
/// Bounds: labels have known values or `other`: operations are those given, codes the contract's, outcomes those listed
/// in hub_metrics.cpp, providers the first Options::providers_max, models the first Options::models_max of
/// know_model().
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/pipeline/request_events.h"
#include "bridge/ports/model_asked.h"
#include "common/runtime/loop_affinity.h"

namespace strawberry::bridge {

class HubMetrics {
 public:
  struct Options {
    std::size_t providers_max = 32;
    std::size_t models_max = 32;  // pairs of provider and model
  };
  enum class Kind { counter, gauge };
  using Labels = std::map<std::string, std::string>;
  /// One number as it is now. Those of one name stand together.
  struct Reading {
    std::string name;
    std::string help;
    Kind kind = Kind::gauge;
    double value = 0;
    Labels labels = {};
  };
  using Ops = std::map<Service, std::vector<std::string>>;

  HubMetrics(const Ops& ops, Options options);
  ~HubMetrics();

  /// One that the operator named: no other is shown by name.
  void know_model(const std::string& provider, const std::string& model);
  void answered(const RequestAnswered& request);
  void asked(const ModelAsked& attempt);
  void committed(std::chrono::nanoseconds took);

  /// All of it, in Prometheus' text format 0.0.4.
  std::string text(const std::vector<Reading>& readings) const;

 private:
  struct Impl;

  LoopAffinity loop_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace strawberry::bridge
