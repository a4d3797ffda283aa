"""ONNX Runtime on the CPU, with the network that PyTorch exports."""

import onnxruntime
import torch
from safetensors.numpy import load_file, save_file

from torch_models import create_model, load_weights
from worker import Unsupported


class OnnxRuntime:
    def __init__(self, threads):
        self.threads = threads

    def versions(self):
        return {"onnxruntime": onnxruntime.__version__}

    def prepare(self, work, folder, optimizer):
        if work["kind"] != "inference":
            raise Unsupported("ONNX Runtime only infers")
        images = load_file(f"{folder}/inputs.safetensors")["images"]
        model = create_model(work["network"]).eval()
        load_weights(model, load_file(f"{folder}/weights.safetensors"))
        path = f"{folder}/network.onnx"
        example = torch.from_numpy(images).permute(0, 3, 1, 2)
        torch.onnx.export(model, (example,), path, input_names=["images"], dynamo=True, verbose=False)
        return Inference(path, images, self.threads, sum(p.numel() for p in model.parameters()))


class Inference:
    def __init__(self, path, images, threads, parameters):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.images = images.transpose(0, 3, 1, 2).copy()
        self.parameters = parameters

    def step(self):
        return self.session.run(None, {"images": self.images})[0]

    def check(self, path):
        save_file({"logits": self.step()}, path)
