#include "bridge/adapters/prometheus/hub_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <set>

namespace strawberry::bridge {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

constexpr const char* other = "other";

/// From a list in memory to a chat with a slow model.
const Buckets request_seconds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                 0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30,    60};
const Buckets commit_seconds = {0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5};
// As OpenTelemetry's conventions want them.
const Buckets model_seconds = {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
const Buckets token_counts = {1,     4,     16,     64,      256,     1024,     4096,
                              16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};

/// Besides ok: why an attempt came to nothing (ProviderError::reason, ModelAsked::outcome).
constexpr std::array<std::string_view, 18> outcomes = {
    "ok",       "empty", "no_match", "connect",      "timeout", "status",    "bad_reply", "unsupported", "too_large",
    "protocol", "error", "cut",      "circuit_open", "busy",    "cancelled", "length",    "blocked",     other};

std::string_view known_outcome(std::string_view outcome) {
  return std::find(outcomes.begin(), outcomes.end(), outcome) == outcomes.end() ? other : outcome;
}

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

template <class Metric>
Family<Metric>& family(prometheus::Registry& registry, prometheus::detail::Builder<Metric> builder, const char* name,
                       const char* help) {
  return builder.Name(name).Help(help).Register(registry);
}

}  // namespace

struct HubMetrics::Impl {
  struct Operation {
    std::string name;
    Histogram* took = nullptr;
    std::array<Counter*, error_codes_all.size() + 1> by_code{};  // the last one: ok
  };
  using Model = std::pair<std::string, std::string>;  // provider, model

  std::array<std::map<std::string, Operation, std::less<>>, services_count> operations;  // by service, then name
  std::set<std::string> providers;
  std::set<Model> models;
  Options options;

  prometheus::Registry registry;
  Family<Counter>& requests = family(registry, prometheus::BuildCounter(), "strawberry_requests_total",
                                     "Requests answered, by the error code of the answer (ok: none).");
  Family<Histogram>& request_took =
      family(registry, prometheus::BuildHistogram(), "strawberry_request_duration_seconds",
             "From a request's arrival at the bridge to its answer, waiting for devices and models included.");
  Family<Counter>& attempts = family(registry, prometheus::BuildCounter(), "strawberry_provider_attempts_total",
                                     "Times a language model was to be asked, by what came of it.");
  Family<Histogram>& model_took =
      family(registry, prometheus::BuildHistogram(), "gen_ai_client_operation_duration_seconds",
             "How long asking a language model took; error_type when it gave no answer.");
  Family<Histogram>& first_chunk =
      family(registry, prometheus::BuildHistogram(), "gen_ai_client_operation_time_to_first_chunk_seconds",
             "Until a streamed answer of a language model began.");
  Family<Histogram>& tokens = family(registry, prometheus::BuildHistogram(), "gen_ai_client_token_usage",
                                     "Tokens of one question (input) and its answer (output).");
  Histogram& commit_took = family(registry, prometheus::BuildHistogram(), "strawberry_store_commit_duration_seconds",
                                  "How long the database took for one transaction with all jobs in it.")
                               .Add({}, commit_seconds);

  Operation& operation(Service service, std::string_view op) {
    auto& known = operations.at(static_cast<std::size_t>(service));
    const auto found = known.find(op);
    return found == known.end() ? known.find(other)->second : found->second;
  }
  std::string provider_label(std::string_view provider) {
    std::string name(provider);
    if (providers.contains(name)) return name;
    if (providers.size() >= options.providers_max) return other;
    providers.insert(name);
    return name;
  }
  /// Never a name that only a client uses: some servers answer whatever model they are asked for.
  std::string model_label(const std::string& provider, std::string_view model) const {
    const Model pair(provider, model);
    return models.contains(pair) ? pair.second : other;
  }
};

HubMetrics::HubMetrics(const Ops& ops, Options options) : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
  for (const auto& [service, names] : ops) {
    auto& known = impl_->operations.at(static_cast<std::size_t>(service));
    for (const auto& name : names) known[name].name = name;
  }
  for (auto& known : impl_->operations) known[other].name = other;
}

HubMetrics::~HubMetrics() = default;

void HubMetrics::know_model(const std::string& provider, const std::string& model) {
  loop_.check();
  if (impl_->models.size() < impl_->options.models_max) impl_->models.emplace(impl_->provider_label(provider), model);
}

void HubMetrics::answered(const RequestAnswered& request) {
  loop_.check();
  auto& operation = impl_->operation(request.service, request.op);
  const auto code = request.error ? static_cast<std::size_t>(*request.error) : error_codes_all.size();
  auto*& count = operation.by_code.at(code);
  const auto labels = [&] {
    return Labels{{"service", std::string(to_string(request.service))}, {"op", operation.name}};
  };
  if (count == nullptr) {
    auto with_code = labels();
    with_code["code"] = request.error ? std::string(to_string(*request.error)) : "ok";
    count = &impl_->requests.Add(with_code);
  }
  count->Increment();
  if (operation.took == nullptr) operation.took = &impl_->request_took.Add(labels(), request_seconds);
  operation.took->Observe(seconds(request.took));
}

void HubMetrics::asked(const ModelAsked& attempt) {
  loop_.check();
  const auto outcome = std::string(known_outcome(attempt.outcome));
  const auto provider = impl_->provider_label(attempt.provider);
  impl_->attempts.Add({{"provider", provider}, {"outcome", outcome}}).Increment();
  // A gate that stayed shut asked nobody; the built-in rules are no model.
  if (attempt.is_embedded || outcome == "circuit_open" || outcome == "busy") return;
  const bool has_answered = outcome == "ok";
  Labels labels = {{"gen_ai_operation_name", "chat"},
                   {"gen_ai_provider_name", provider},
                   {"gen_ai_request_model", impl_->model_label(provider, attempt.model)}};
  if (attempt.began_after) impl_->first_chunk.Add(labels, model_seconds).Observe(seconds(*attempt.began_after));
  if (has_answered) {
    for (const auto& [type, count] : {std::pair{"input", attempt.input_tokens}, {"output", attempt.output_tokens}}) {
      Labels typed = labels;
      typed["gen_ai_token_type"] = type;
      impl_->tokens.Add(typed, token_counts).Observe(static_cast<double>(std::max<std::int64_t>(count, 0)));
    }
  } else {
    labels["error_type"] = outcome;
  }
  impl_->model_took.Add(labels, model_seconds).Observe(seconds(attempt.took));
}

void HubMetrics::committed(std::chrono::nanoseconds took) {
  loop_.check();
  impl_->commit_took.Observe(seconds(took));
}

std::string HubMetrics::text(const std::vector<Reading>& readings) const {
  loop_.check();
  auto families = impl_->registry.Collect();
  for (const auto& reading : readings) {
    if (families.empty() || families.back().name != reading.name) {
      const auto type = reading.kind == Kind::counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
      families.push_back({reading.name, reading.help, type, {}});
    }
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : reading.labels) metric.label.push_back({name, value});
    metric.counter.value = metric.gauge.value = reading.value;
    families.back().metric.push_back(std::move(metric));
  }
  // A name without any number of it is only noise.
  std::erase_if(families, [](const auto& each) { return each.metric.empty(); });
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace strawberry::bridge
