// What tfjs-node's binding gets in place of three functions of TensorFlow's sessions, by macros when it is compiled.
//
// A session that is loaded while TFJS_CARDINAL_AWAKE_THREADS is 1, which src/backends/tensorflow/compile/session.ts sets
// for the length of the call, keeps libtensorflow's threads awake between the operations of each of its runs (threads.h).
// Without it nothing is different.
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>

#include "tensorflow/c/c_api.h"
#include "threads.h"

namespace {

// The sessions whose runs keep threads awake. Never destroyed: a run may outlive static objects when the process ends.
class AwakeSessions {
 public:
  static AwakeSessions& Instance() {
    static AwakeSessions* sessions = new AwakeSessions();
    return *sessions;
  }

  void Add(const TF_Session* session) {
    std::lock_guard<std::mutex> lock(mutex_);
    sessions_.insert(session);
  }

  void Remove(const TF_Session* session) {
    std::lock_guard<std::mutex> lock(mutex_);
    sessions_.erase(session);
  }

  bool Has(const TF_Session* session) {
    std::lock_guard<std::mutex> lock(mutex_);
    return sessions_.count(session) > 0;
  }

 private:
  std::mutex mutex_;
  std::set<const TF_Session*> sessions_;
};

bool IsAskedFor() {
  const char* setting = std::getenv("TFJS_CARDINAL_AWAKE_THREADS");
  return setting != nullptr && std::strcmp(setting, "1") == 0;
}

}  // namespace

extern "C" TF_Session* cardinal_load_session(const TF_SessionOptions* options, const TF_Buffer* run_options,
                                             const char* folder, const char* const* tags, int tag_count,
                                             TF_Graph* graph, TF_Buffer* meta_graph, TF_Status* status) {
  TF_Session* session =
      TF_LoadSessionFromSavedModel(options, run_options, folder, tags, tag_count, graph, meta_graph, status);
  if (session != nullptr && IsAskedFor() && cardinal::CanKeepThreadsAwake()) AwakeSessions::Instance().Add(session);
  return session;
}

extern "C" void cardinal_run_session(TF_Session* session, const TF_Buffer* run_options, const TF_Output* inputs,
                                     TF_Tensor* const* input_values, int input_count, const TF_Output* outputs,
                                     TF_Tensor** output_values, int output_count,
                                     const TF_Operation* const* targets, int target_count, TF_Buffer* metadata,
                                     TF_Status* status) {
  const auto run = [&] {
    TF_SessionRun(session, run_options, inputs, input_values, input_count, outputs, output_values, output_count,
                  targets, target_count, metadata, status);
  };
  if (!AwakeSessions::Instance().Has(session)) return run();
  const cardinal::ThreadsAwake awake;
  run();
}

extern "C" void cardinal_delete_session(TF_Session* session, TF_Status* status) {
  // First, since the address may be another session's as soon as this one is gone.
  AwakeSessions::Instance().Remove(session);
  TF_DeleteSession(session, status);
}
