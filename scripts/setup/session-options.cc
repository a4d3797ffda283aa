// What tfjs-node's binding gets in place of TF_NewSessionOptions, by a macro when it is compiled.
//
// Node's addon opens every session with TensorFlow's defaults and takes no options. Here they come from the environment
// variable TFJS_CARDINAL_SESSION_CONFIG, which src/backends/tensorflow/compile/session.ts sets for the length of a call: a
// serialised tensorflow.ConfigProto in hexadecimal digits. Without it nothing is different.
#include <cstdlib>
#include <string>

#include "tensorflow/c/c_api.h"

extern "C" TF_SessionOptions* cardinal_new_session_options() {
  TF_SessionOptions* options = TF_NewSessionOptions();
  const char* digits = std::getenv("TFJS_CARDINAL_SESSION_CONFIG");
  if (digits == nullptr) return options;
  std::string config;
  for (; digits[0] != '\0' && digits[1] != '\0'; digits += 2) {
    const char pair[] = {digits[0], digits[1], '\0'};
    config.push_back(static_cast<char>(std::strtol(pair, nullptr, 16)));
  }
  TF_Status* status = TF_NewStatus();
  // What TensorFlow cannot read leaves the options at their defaults.
  TF_SetConfig(options, config.data(), config.size(), status);
  TF_DeleteStatus(status);
  return options;
}
