/// The hub's metrics as Prometheus text. Numbers that other parts count arrive as Readings on each scrape; only numbers
/// that no other part keeps are observed here: durations, and the codes that requests ended with.
///
/// Names follow Prometheus, and OpenTelemetry's semantic conventions for generative AI where those have one
/// (docs/operations.md lists them). No label names a person or a device.
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
  /// One present value. Values of the same name must be adjacent.
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

  /// Adds a model that the operator named: only these are shown by name.
  void know_model(const std::string& provider, const std::string& model);
  void answered(const RequestAnswered& request);
  void asked(const ModelAsked& attempt);
  void committed(std::chrono::nanoseconds took);

  /// Returns all metrics in Prometheus' text format 0.0.4.
  std::string text(const std::vector<Reading>& readings) const;

 private:
  struct Impl;

  LoopAffinity loop_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace strawberry::bridge
