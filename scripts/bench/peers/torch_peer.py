"""PyTorch on the CPU in channels_last, eager or compiled."""

import torch
from safetensors.numpy import load_file, save_file
from torch.nn import functional as F

from torch_models import create_model, load_weights
from worker import Unsupported


class Eager:
    compiles = False

    def __init__(self, threads):
        torch.set_num_threads(threads)

    def versions(self):
        return {"python": ".".join(map(str, __import__("sys").version_info[:3])), "torch": torch.__version__}

    def prepare(self, work, folder, optimizer):
        inputs = load_file(f"{folder}/inputs.safetensors")
        if work["kind"] == "convolution":
            return Convolution(work, inputs)
        if work["kind"] not in ("training", "inference"):
            raise Unsupported(f"PyTorch is not asked for {work['kind']}")
        model = create_model(work["network"])
        load_weights(model, load_file(f"{folder}/weights.safetensors"))
        model.to(memory_format=torch.channels_last)
        kind = Training if work["kind"] == "training" else Inference
        return kind(work, model, inputs, self.compile(model), optimizer)

    def compile(self, model):
        if not self.compiles:
            return model
        # Each work has one shape; without this the second one would be compiled for any shape, which is slower.
        torch._dynamo.reset()
        return torch.compile(model, dynamic=False)


class Compiled(Eager):
    compiles = True


def nchw(array):
    """NHWC values as an NCHW tensor in channels_last."""
    return torch.from_numpy(array).permute(0, 3, 1, 2)


def to_numpy(tensor):
    return tensor.detach().contiguous().numpy().copy()


class Convolution:
    parameters = None

    def __init__(self, work, inputs):
        shape = work["shape"]
        kernel = shape.get("kernel", 3)
        self.all = work["pass"] == "forward+backward"
        if not self.all and work["pass"] != "forward":
            raise Unsupported("PyTorch is asked for the forward pass, or for it and both gradients")
        self.x = nchw(inputs["x"]).requires_grad_(self.all)
        filter = torch.from_numpy(inputs["filter"]).permute(3, 2, 0, 1)
        self.filter = filter.contiguous(memory_format=torch.channels_last).requires_grad_(self.all)
        self.dy = nchw(inputs["dy"])
        self.options = {
            "stride": shape.get("stride", 1),
            "padding": kernel // 2,
            "groups": shape["groups"],
        }

    def step(self):
        if not self.all:
            with torch.inference_mode():
                return [F.conv2d(self.x, self.filter, **self.options)]
        y = F.conv2d(self.x, self.filter, **self.options)
        return [y, *torch.autograd.grad(y, (self.x, self.filter), self.dy)]

    def check(self, path):
        y, *gradients = self.step()
        outputs = {"y": to_numpy(y.permute(0, 2, 3, 1))}
        if gradients:
            outputs["dx"] = to_numpy(gradients[0].permute(0, 2, 3, 1))
            outputs["dFilter"] = to_numpy(gradients[1].permute(2, 3, 1, 0))
        save_file(outputs, path)


class Network:
    """A model and a batch for it."""

    def __init__(self, work, model, inputs, compiled, optimizer):
        self.work, self.model, self.compiled = work, model, compiled
        self.images = nchw(inputs["images"])
        self.labels = torch.from_numpy(inputs["labels"]).long()
        self.parameters = sum(p.numel() for p in model.parameters() if p.requires_grad)
        self.begin(optimizer)

    def begin(self, optimizer):
        self.model.eval()

    def logits(self):
        with torch.inference_mode():
            return self.compiled(self.images).numpy()


class Inference(Network):
    def step(self):
        return self.logits()

    def check(self, path):
        save_file({"logits": self.logits()}, path)


class Training(Network):
    def begin(self, optimizer):
        decayed = [p for p in self.model.parameters() if p.ndim > 1]
        spared = [p for p in self.model.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.SGD(
            [{"params": decayed, "weight_decay": optimizer["weightDecay"]}, {"params": spared}],
            lr=optimizer["learningRate"],
            momentum=optimizer["momentum"],
            nesterov=True,
        )

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.compiled(self.images), self.labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def check(self, path):
        self.model.eval()
        with torch.inference_mode():
            logits = self.model(self.images).numpy()
        self.model.train()
        losses = torch.tensor([self.step() for _ in range(self.work["checkedSteps"])])
        save_file({"logits": logits, "losses": losses.numpy()}, path)
