"""A contestant of the benchmark that is written in Python: worker.py PEER THREADS.

Speaks the protocol of ../protocol.ts: requests on stdin, answers on file descriptor 3, one JSON object a line.
"""

import importlib
import json
import os
import sys
import time

PEERS = {
    "pytorch": ("torch_peer", "Eager"),
    "pytorch-compile": ("torch_peer", "Compiled"),
    "keras": ("keras_peer", "Keras"),
    "onnxruntime": ("onnx_peer", "OnnxRuntime"),
}


class Unsupported(Exception):
    """Such work is not done here at all, which is no failure."""


def main(name, threads):
    answers = os.fdopen(3, "w", buffering=1)

    def say(answer):
        answers.write(json.dumps(answer) + "\n")

    module, kind = PEERS[name]
    peer = getattr(importlib.import_module(module), kind)(threads)
    say({"versions": peer.versions()})
    prepared = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "prepare":
                prepared = peer.prepare(request["work"], request["folder"], request["optimizer"])
                say({"parameters": prepared.parameters})
            elif request["do"] == "release":
                prepared = None
                say({})
            elif request["do"] == "check":
                prepared.check(request["to"])
                say({})
            else:
                say({"milliseconds": run(prepared.step, request["untimed"], request["steps"])})
        except Unsupported as reason:
            say({"error": str(reason), "unsupported": True})
        except Exception as error:  # told to the benchmark, which decides
            say({"error": f"{type(error).__name__}: {error}"})


def run(step, untimed, steps):
    for _ in range(untimed):
        step()
    milliseconds = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        milliseconds.append((time.perf_counter() - start) * 1000)
    return milliseconds


if __name__ == "__main__":
    # The peers import Unsupported from here, and must not get a second copy of it.
    sys.modules["worker"] = sys.modules["__main__"]
    main(sys.argv[1], int(sys.argv[2]))
