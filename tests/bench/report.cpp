#include "tests/bench/report.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace strawberry::bench {
namespace {

double median(const std::vector<Rate>& rates, double (Rate::*value)() const) {
  std::vector<double> values;
  for (const Rate& rate : rates) values.push_back((rate.*value)());
  return percentile(values, 50);
}

double median_ratio(const RateRow& row) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(row.rates.size(), row.bare.size()); ++i) {
    ratios.push_back(row.rates[i].per_second() / row.bare[i].per_second());
  }
  return percentile(ratios, 50);
}

}  // namespace

double percentile(std::vector<double> values, double percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

double Rate::per_second() const { return static_cast<double>(count) / std::max(seconds, 1e-9); }
double Rate::cpu_us_each() const {
  return broker_cpu_seconds * 1e6 / static_cast<double>(std::max<std::size_t>(count, 1));
}

std::string rate_table(const std::string& unit, const std::vector<RateRow>& rows) {
  std::array<char, 256> line{};
  std::snprintf(line.data(), line.size(), "| %-21s | %10s/s | ratio | broker CPU (us) | CPU ratio | broker busy |\n",
                "", unit.c_str());
  std::string out = line.data();
  out += "|-----------------------|-------------:|------:|----------------:|----------:|------------:|\n";
  for (const RateRow& row : rows) {
    const std::string name = row.way.empty() ? row.what : row.what + ", " + row.way;
    const double cpu = median(row.rates, &Rate::cpu_us_each);
    std::snprintf(line.data(), line.size(), "| %-21s | %12.0f | %5.2f | %15.2f | %9.2f | %10.0f%% |\n", name.c_str(),
                  median(row.rates, &Rate::per_second), median_ratio(row), cpu,
                  median(row.bare, &Rate::cpu_us_each) / std::max(cpu, 1e-9),
                  100 * median(row.rates, &Rate::broker_busy));
    out += line.data();
  }
  return out;
}

CpuTime cpu_time(int pid) {
  CpuTime sum;
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
    std::ifstream file(thread.path() / "schedstat");  // nanoseconds
    double used = 0;
    double waited = 0;
    if (!(file >> used >> waited)) continue;
    sum.used_seconds += used / 1e9;
    sum.waited_seconds += waited / 1e9;
  }
  return sum;
}

double wake_ups(int pid) {
  constexpr std::string_view label = "voluntary_ctxt_switches:";
  double sum = 0;
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
    std::ifstream file(thread.path() / "status");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(label)) sum += std::stod(line.substr(label.size()));
    }
  }
  return sum;
}

Stopwatch::Stopwatch(int broker_pid)
    : pid_(broker_pid), cpu_(cpu_time(broker_pid)), start_(std::chrono::steady_clock::now()) {}

Rate Stopwatch::stop(std::size_t count) const {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
  const CpuTime now = cpu_time(pid_);
  return {count, took.count(), now.used_seconds - cpu_.used_seconds, now.waited_seconds - cpu_.waited_seconds};
}

double resident_bytes(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double size = 0;
  double resident = 0;
  double shared = 0;
  file >> size >> resident >> shared;
  return (resident - shared) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double all_resident_bytes(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double size = 0;
  double resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace strawberry::bench
