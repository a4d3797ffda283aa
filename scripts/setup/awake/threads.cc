#include "threads.h"

#include <atomic>
#include <condition_variable>

// Elsewhere nothing else has been tried.
#if defined(__linux__) && defined(__x86_64__) && defined(__GLIBC__) && defined(__GLIBCXX__)
#include <immintrin.h>
#include <sched.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "relink.h"

namespace cardinal {
namespace {

// All that follows is without constructor and destructor: threads may still wait when the process ends.

using Clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds kPatience{50};
// Between two looks at the clock, which costs as much as one or many a pause.
constexpr int kLooks = 16;
// Who was interrupted while it looked has others beside it that want its processor, and used up its share of it for nothing:
// then it is better to sleep and be woken before them. None looks for so long.
constexpr std::chrono::milliseconds kRest{100};

std::atomic<Clock::rep> rest_ends{0};
std::atomic<int> awake_count{0};

// Where a thread that is awake says which condition variable it waits for; null once it is called. Its own cache line,
// since its thread reads it over and over.
struct alignas(64) Place {
  std::atomic<const void*> condition;
};
constexpr int kPlaceBits = 8;
Place places[1 << kPlaceBits];

// Two conditions may have the same place: whoever comes second sleeps.
std::atomic<const void*>& PlaceOf(const void* condition) {
  // Fibonacci hashing; the lowest bits of all addresses are equal.
  const uint64_t hash = (reinterpret_cast<uintptr_t>(condition) >> 3) * 0x9E3779B97F4A7C15u;
  return places[hash >> (64 - kPlaceBits)].condition;
}

// What this thread waited for in vain a moment ago.
thread_local const void* given_up = nullptr;

bool IsAwake() {
  return awake_count.load(std::memory_order_relaxed) > 0 &&
         Clock::now().time_since_epoch().count() >= rest_ends.load(std::memory_order_relaxed);
}

// Looks until it is called or out of patience; false then.
bool IsCalled(std::atomic<const void*>& place, const void* condition) {
  const auto start = Clock::now();
  auto now = start;
  bool is_called = false;
  while (!is_called && now - start < kPatience) {
    for (int look = 0; look < kLooks && !is_called; ++look) {
      _mm_pause();
      is_called = place.load(std::memory_order_acquire) != condition;
    }
    now = Clock::now();
  }
  // From one look at the clock to the next it takes a microsecond.
  if (now - start > 2 * kPatience) rest_ends = (now + kRest).time_since_epoch().count();
  return is_called || !place.compare_exchange_strong(condition, nullptr);
}

// In place of std::condition_variable::wait. It returns whether or not it was called, as it may: everybody calls it in a
// loop that checks what it waits for. It must not sleep after it has let the lock go, as the call that would wake it may
// have come already. So who has waited in vain checks, comes back, and sleeps then.
void Wait(std::condition_variable* condition, std::unique_lock<std::mutex>& lock) {
  const void* free = nullptr;
  auto& place = PlaceOf(condition);
  // The place comes last: whoever takes it must free it.
  if (!IsAwake() || given_up == condition || !place.compare_exchange_strong(free, condition)) {
    given_up = nullptr;
    condition->wait(lock);
    return;
  }
  lock.unlock();
  given_up = IsCalled(place, condition) ? nullptr : condition;
  lock.lock();
}

void Call(const void* condition) {
  auto& place = PlaceOf(condition);
  const void* expected = condition;
  // It is read first, since to write takes the cache line from others.
  if (place.load(std::memory_order_relaxed) == condition) place.compare_exchange_strong(expected, nullptr);
}

// Who is asleep is still called, as libstdc++ does: that costs nothing where there is nobody.
void NotifyOne(std::condition_variable* condition) {
  Call(condition);
  condition->notify_one();
}

void NotifyAll(std::condition_variable* condition) {
  Call(condition);
  condition->notify_all();
}

bool HasSeveralProcessors() {
  cpu_set_t processors;
  // It fails where there are more than a set holds.
  return sched_getaffinity(0, sizeof(processors), &processors) != 0 || CPU_COUNT(&processors) > 1;
}

bool Prepare() {
  if (!HasSeveralProcessors()) return false;
  // std::condition_variable is called from libtensorflow_cc and libtensorflow_framework alike. A method's first argument
  // is the object.
  return Relink("libtensorflow", {
                                     {"_ZNSt18condition_variable10notify_oneEv", &NotifyOne},
                                     {"_ZNSt18condition_variable10notify_allEv", &NotifyAll},
                                     {"_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE", &Wait},
                                 });
}

}  // namespace

bool CanKeepThreadsAwake() {
  static const bool can = Prepare();
  return can;
}

ThreadsAwake::ThreadsAwake() { ++awake_count; }
ThreadsAwake::~ThreadsAwake() { --awake_count; }

}  // namespace cardinal

#else

namespace cardinal {

bool CanKeepThreadsAwake() { return false; }
ThreadsAwake::ThreadsAwake() {}
ThreadsAwake::~ThreadsAwake() {}

}  // namespace cardinal

#endif
