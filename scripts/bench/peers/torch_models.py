"""The zoo's networks as PyTorch modules, with the zoo's names."""

from torch import nn


def conv(channels, out, kernel=3, stride=1, groups=1):
    return nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False)


class Residual(nn.Module):
    """relu(x + f(x)); where the shape changes, x goes through a 1x1 convolution."""

    def __init__(self, channels, out, stride):
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        changes = stride != 1 or channels != out
        self.downsample = (
            nn.Sequential(conv(channels, out, 1, stride), nn.BatchNorm2d(out)) if changes else None
        )

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(self.branch(x) + shortcut)


class Bottleneck(Residual):
    def __init__(self, channels, width, out, stride, groups):
        super().__init__(channels, out, stride)
        self.conv1, self.bn1 = conv(channels, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3, stride, groups), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, out, 1), nn.BatchNorm2d(out)

    def branch(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.bn3(self.conv3(x))


class Basic(Residual):
    def __init__(self, channels, out, stride):
        super().__init__(channels, out, stride)
        self.conv1, self.bn1 = conv(channels, out, 3, stride), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = conv(out, out), nn.BatchNorm2d(out)

    def branch(self, x):
        return self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))


class ResidualNetwork(nn.Module):
    """A stem and stages of blocks, each stage after the first at half the resolution."""

    def __init__(self, stem, stem_stride, stages, block):
        super().__init__()
        self.conv1, self.bn1 = conv(3, stem, 3, stem_stride), nn.BatchNorm2d(stem)
        self.relu = nn.ReLU(inplace=True)
        channels = stem
        self.stages = len(stages)
        for stage, (depth, out) in enumerate(stages):
            blocks = []
            for index in range(depth):
                stride = 2 if stage > 0 and index == 0 else 1
                blocks.append(block(channels, out, stride, stage))
                channels = out
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, 10)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.fc(x.mean((2, 3)))


def resnext(network):
    stages = [(depth, network["out"] * 2**stage) for stage, depth in enumerate(network["depths"])]

    def block(channels, out, stride, stage):
        return Bottleneck(channels, network["width"] * 2**stage, out, stride, network["groups"])

    return ResidualNetwork(*network["stem"], stages, block)


def resnet(network):
    stages = list(zip(network["depths"], network["widths"]))
    stem = network["widths"][0]
    return ResidualNetwork(stem, 1, stages, lambda channels, out, stride, _: Basic(channels, out, stride))


def conv_norm_act(channels, out, kernel=3, stride=1, groups=1):
    return nn.Sequential(
        conv(channels, out, kernel, stride, groups), nn.BatchNorm2d(out), nn.ReLU6(inplace=True)
    )


class InvertedResidual(nn.Module):
    def __init__(self, channels, out, stride, expansion):
        super().__init__()
        hidden = channels * expansion
        layers = [conv_norm_act(channels, hidden, 1)] if expansion > 1 else []
        layers += [
            conv_norm_act(hidden, hidden, 3, stride, hidden),
            conv(hidden, out, 1),
            nn.BatchNorm2d(out),
        ]
        self.conv = nn.Sequential(*layers)
        self.adds = stride == 1 and channels == out

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, network):
        super().__init__()
        (channels, stem_stride), head = network["stem"], network["head"]
        layers = [conv_norm_act(3, channels, 3, stem_stride)]
        for stage in network["stages"]:
            for index in range(stage["depth"]):
                stride = stage["stride"] if index == 0 else 1
                layers.append(InvertedResidual(channels, stage["out"], stride, stage["expansion"]))
                channels = stage["out"]
        layers.append(conv_norm_act(channels, head, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Identity(), nn.Linear(head, 10))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def create_model(network):
    """The network of these facts, the zoo's own, with fresh weights."""
    if "stages" in network:
        return MobileNetV2(network)
    return resnet(network) if "widths" in network else resnext(network)


TORCH_NAMES = {
    "kernel": "weight",
    "gamma": "weight",
    "beta": "bias",
    "bias": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def load_weights(model, weights):
    """Weights by the zoo's names and in its layouts, all of them and no others."""
    import torch

    state = {}
    for name, array in weights.items():
        layer, weight = name.rsplit("/", 1)
        tensor = torch.from_numpy(array)
        if array.ndim == 4:
            tensor = tensor.permute(3, 2, 0, 1)
        if array.ndim == 2:
            tensor = tensor.T
        state[f"{layer}.{TORCH_NAMES[weight]}"] = tensor
    for name, buffer in model.named_buffers():
        if name.endswith("num_batches_tracked"):
            state[name] = buffer
    model.load_state_dict(state)
