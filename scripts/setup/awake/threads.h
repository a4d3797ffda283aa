// Keeps the threads of libtensorflow awake for a moment when they run out of work.
//
// They sleep between two operations, and to wake one, on a virtual processor that was halted above all, costs more than
// many a short operation. While a `ThreadsAwake` lives, a thread of libtensorflow that is about to wait for another looks
// for 50 us whether it is called before it goes to sleep, as the threads of OpenMP and of ONNX Runtime do. Where nothing
// is short the gain is nothing and the looking takes time from others, so it is for whoever asks alone; and where others
// take the processor from a thread that looks, all of them sleep at once for the next 100 ms.
#pragma once

namespace cardinal {

// Prepares libtensorflow when it is first called. False, and nothing is different, where there is one processor only, which
// a waiting thread would take from the one it waits for, or on another system than Linux with glibc on x86-64.
bool CanKeepThreadsAwake();

// Any number of them may live at once.
class ThreadsAwake {
 public:
  ThreadsAwake();
  ~ThreadsAwake();
  ThreadsAwake(const ThreadsAwake&) = delete;
  ThreadsAwake& operator=(const ThreadsAwake&) = delete;
};

}  // namespace cardinal
