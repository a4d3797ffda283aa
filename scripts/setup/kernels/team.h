// The threads that share out the jobs of one convolution.
#pragma once

#include <immintrin.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace cardinal {

// The caller and as many workers as there are other processors (or TF_NUM_INTRAOP_THREADS says).
class Team {
 public:
  // Made on first use and never destroyed: its threads may outlive static objects.
  static Team& Instance() {
    static Team* team = new Team();
    return *team;
  }

  // Calls job(0) to job(count - 1), each once, and returns when all have returned. Several may call at the same time, as a
  // graph's independent operations do: each works on its own jobs, and the workers on whichever are left.
  template <typename Job>
  void Run(long count, const Job& job) {
    Call* call = count < 2 || workers_ == 0 ? nullptr : FreeCall();
    if (call == nullptr) {
      for (long i = 0; i < count; ++i) job(i);
      return;
    }
    call->invoke = [](const void* body, long i) { (*static_cast<const Job*>(body))(i); };
    call->body = &job;
    call->count = count;
    call->next = 0;
    call->is_open = true;
    ++generation_;
    if (sleeping_ > 0) {
      std::lock_guard<std::mutex> lock(mutex_);
      wake_.notify_all();
    }
    call->Work();
    // A worker that comes from here on finds it closed; one that came before is waited for.
    call->is_open = false;
    for (int looks = 0; call->workers > 0; ++looks) {
      if (looks < kLooksBeforeYielding) {
        _mm_pause();
      } else {
        sched_yield();
      }
    }
    call->is_taken.clear();
  }

 private:
  // A worker with nothing to do looks for the next call so long before it sleeps: to wake one costs more than many a
  // convolution. The threads of OpenMP and of ONNX Runtime do the same.
  static constexpr std::chrono::microseconds kPatience{50};
  static constexpr int kLooksBeforeYielding = 4096;
  static constexpr int kLooksBetweenClocks = 64;

  Team() {
    int threads = static_cast<int>(std::thread::hardware_concurrency());
    const char* asked = std::getenv("TF_NUM_INTRAOP_THREADS");
    if (asked != nullptr && std::atoi(asked) > 0) threads = std::min(threads, std::atoi(asked));
    workers_ = std::max(0, threads - 1);
    for (int i = 0; i < workers_; ++i) std::thread([this] { Serve(); }).detach();
  }

  // A call of Run. Its first fields are written by its caller alone, before it is open.
  struct Call {
    void (*invoke)(const void*, long) = nullptr;
    const void* body = nullptr;
    long count = 0;
    std::atomic<long> next{0};
    std::atomic<bool> is_open{false};
    std::atomic<int> workers{0};
    std::atomic_flag is_taken = ATOMIC_FLAG_INIT;

    void Work() {
      for (long i; (i = next.fetch_add(1)) < count;) invoke(body, i);
    }
  };

  // One that nobody has, or none.
  Call* FreeCall() {
    for (Call& call : calls_) {
      if (!call.is_taken.test_and_set()) return &call;
    }
    return nullptr;
  }

  void Serve() {
    for (;;) {
      const unsigned seen = generation_;
      for (Call& call : calls_) {
        ++call.workers;
        if (call.is_open) call.Work();
        --call.workers;
      }
      Await(seen);
    }
  }

  // Returns when the generation is another than the one that was seen.
  void Await(unsigned seen) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    do {
      for (int i = 0; i < kLooksBetweenClocks; ++i) {
        if (generation_ != seen) return;
        _mm_pause();
      }
    } while (std::chrono::steady_clock::now() < end);
    std::unique_lock<std::mutex> lock(mutex_);
    ++sleeping_;
    wake_.wait(lock, [&] { return generation_ != seen; });
    --sleeping_;
  }

  int workers_ = 0;
  // As many as may be open at a time; who finds none free goes alone.
  std::array<Call, 8> calls_;
  std::atomic<unsigned> generation_{0};
  std::atomic<int> sleeping_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace cardinal
