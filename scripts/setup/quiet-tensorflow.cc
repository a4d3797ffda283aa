// A Node addon that keeps TensorFlow's informational lines off stderr when it is loaded before the addon of tfjs-node.
//
// TensorFlow writes "oneDNN custom operations are on" from an initialiser of libtensorflow_framework, whatever
// TF_CPP_MIN_LOG_LEVEL says: before any code of an addon that is linked to it can run. So this one is not linked to it,
// but opens it with stderr turned away for that moment (a failure comes back from dlopen, not through stderr). Then it
// applies TF_CPP_MIN_LOG_LEVEL, by default 2 (errors only), to TensorFlow's logging library.
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace {

// absl::SetMinLogLevel(absl::LogSeverityAtLeast) of the Abseil release inside the pinned TensorFlow.
constexpr char kSetMinLogLevel[] =
    "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE";

void* OpenSilently(const char* library) {
  const int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (saved >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  void* handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  if (saved >= 0) dup2(saved, STDERR_FILENO);
  if (saved >= 0) close(saved);
  if (nowhere >= 0) close(nowhere);
  return handle;
}

}  // namespace

NAPI_MODULE_INIT() {
  const char* setting = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  const int level = setting == nullptr ? 2 : std::clamp(std::atoi(setting), 0, 3);
  if (level == 0) return exports;
  void* framework = OpenSilently("libtensorflow_framework.so.2");
  if (framework == nullptr) return exports;
  using SetMinLogLevel = void (*)(int);
  const auto set = reinterpret_cast<SetMinLogLevel>(dlsym(framework, kSetMinLogLevel));
  if (set != nullptr) set(level);
  return exports;
}
