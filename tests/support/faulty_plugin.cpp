// A plugin with an error, chosen by `plugin_opt_fault`: checks that the broker's tests notice a sanitizer's reports.
#include <cstring>
#include <limits>
#include <string_view>

#include "broker-plugin/mosquitto_api.h"

#define FAULTY_PLUGIN_ENTRY extern "C" __attribute__((visibility("default")))

namespace {

// Volatile, so that the compiler neither detects the error nor removes it.
volatile std::size_t size = 8;
volatile int largest = std::numeric_limits<int>::max();
volatile int sink = 0;
char* volatile bytes = nullptr;

void make(std::string_view fault) {
  bytes = new char[size];
  if (fault == "leak") {
    bytes = nullptr;
    return;
  }
  if (fault == "overflow") std::memset(bytes, 1, size + 1);
  if (fault == "undefined") sink = largest + 1;
  delete[] bytes;
  if (fault == "use_after_free") sink = bytes[0];
}

}  // namespace

FAULTY_PLUGIN_ENTRY int mosquitto_plugin_version(int, const int*) { return MOSQ_PLUGIN_VERSION; }

FAULTY_PLUGIN_ENTRY int mosquitto_plugin_init(mosquitto_plugin_id_t*, void**, mosquitto_opt* options, int count) {
  for (int i = 0; i < count; ++i) make(options[i].value);
  return MOSQ_ERR_SUCCESS;
}

FAULTY_PLUGIN_ENTRY int mosquitto_plugin_cleanup(void*, mosquitto_opt*, int) { return MOSQ_ERR_SUCCESS; }
