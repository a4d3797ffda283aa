// A Node addon that gives TensorFlow this package's own kernels when it is loaded, for processors with AVX-512.
//
// `isSupported` tells whether the processor can run them; where it cannot, nothing is registered.
#include <node_api.h>

#include "adamw-update.h"
#include "direct-conv2d.h"
#include "sgd-update.h"
#include "winograd-conv2d.h"

NAPI_MODULE_INIT() {
  // Once in a process, however many threads of JavaScript load the addon.
  static const bool is_supported = __builtin_cpu_supports("avx512f") &&
                                   cardinal::RegisterFamily<cardinal::DirectConv2D>() &&
                                   cardinal::RegisterFamily<cardinal::WinogradConv2D>() &&
                                   cardinal::RegisterUpdate<cardinal::SgdUpdate>() &&
                                   cardinal::RegisterUpdate<cardinal::AdamWUpdate>();
  napi_value value;
  napi_get_boolean(env, is_supported, &value);
  napi_set_named_property(env, exports, "isSupported", value);
  return exports;
}
