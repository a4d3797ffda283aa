"""The zoo's networks in Keras, with the zoo's layer names."""

import keras
from keras import layers


class Builder:
    def __init__(self, weight_decay):
        # The gradient of a penalty of half the decay is the decay times the weight.
        self.penalty = keras.regularizers.L2(weight_decay / 2) if weight_decay else None

    def conv(self, x, name, out, kernel=3, stride=1, groups=1):
        padding = "same"
        if stride > 1 and kernel > 1:
            # PyTorch's zeros: 'same' would put one at the end only.
            x = layers.ZeroPadding2D(kernel // 2)(x)
            padding = "valid"
        if groups == x.shape[-1] and groups > 1:
            return layers.DepthwiseConv2D(
                kernel, stride, padding, use_bias=False, name=name, depthwise_regularizer=self.penalty
            )(x)
        return layers.Conv2D(
            out,
            kernel,
            stride,
            padding,
            groups=groups,
            use_bias=False,
            name=name,
            kernel_regularizer=self.penalty,
        )(x)

    def norm(self, x, name):
        return layers.BatchNormalization(name=name, epsilon=1e-5, momentum=0.9)(x)

    def relu(self, x, limit=None):
        return layers.ReLU(limit)(x)

    def classifier(self, x, name):
        x = layers.GlobalAveragePooling2D()(x)
        return layers.Dense(10, name=name, kernel_regularizer=self.penalty)(x)

    def residual(self, x, branch, name, out, stride):
        if stride != 1 or x.shape[-1] != out:
            x = self.norm(self.conv(x, f"{name}.downsample.0", out, 1, stride), f"{name}.downsample.1")
        return self.relu(layers.Add()([branch, x]))

    def bottleneck(self, x, name, width, out, stride, groups):
        y = self.relu(self.norm(self.conv(x, f"{name}.conv1", width, 1), f"{name}.bn1"))
        y = self.relu(self.norm(self.conv(y, f"{name}.conv2", width, 3, stride, groups), f"{name}.bn2"))
        y = self.norm(self.conv(y, f"{name}.conv3", out, 1), f"{name}.bn3")
        return self.residual(x, y, name, out, stride)

    def basic(self, x, name, out, stride):
        y = self.relu(self.norm(self.conv(x, f"{name}.conv1", out, 3, stride), f"{name}.bn1"))
        y = self.norm(self.conv(y, f"{name}.conv2", out), f"{name}.bn2")
        return self.residual(x, y, name, out, stride)

    def stem(self, x, out, stride):
        return self.relu(self.norm(self.conv(x, "conv1", out, 3, stride), "bn1"))

    def resnext(self, x, network):
        x = self.stem(x, *network["stem"])
        for stage, depth in enumerate(network["depths"]):
            width, out = network["width"] * 2**stage, network["out"] * 2**stage
            for index in range(depth):
                stride = 2 if stage > 0 and index == 0 else 1
                name = f"layer{stage + 1}.{index}"
                x = self.bottleneck(x, name, width, out, stride, network["groups"])
        return self.classifier(x, "fc")

    def resnet(self, x, network):
        x = self.stem(x, network["widths"][0], 1)
        for stage, (depth, width) in enumerate(zip(network["depths"], network["widths"])):
            for index in range(depth):
                stride = 2 if stage > 0 and index == 0 else 1
                x = self.basic(x, f"layer{stage + 1}.{index}", width, stride)
        return self.classifier(x, "fc")

    def inverted_residual(self, x, name, expansion, out, stride):
        y, position, hidden = x, 0, x.shape[-1] * expansion
        if expansion > 1:
            y = self.relu(self.norm(self.conv(y, f"{name}.0.0", hidden, 1), f"{name}.0.1"), 6.0)
            position = 1
        y = self.conv(y, f"{name}.{position}.0", hidden, 3, stride, hidden)
        y = self.relu(self.norm(y, f"{name}.{position}.1"), 6.0)
        y = self.conv(y, f"{name}.{position + 1}", out, 1)
        y = self.norm(y, f"{name}.{position + 2}")
        return layers.Add()([y, x]) if stride == 1 and x.shape[-1] == out else y

    def mobilenet_v2(self, x, network):
        stem, stem_stride = network["stem"]
        x = self.norm(self.conv(x, "features.0.0", stem, 3, stem_stride), "features.0.1")
        x = self.relu(x, 6.0)
        position = 1
        for stage in network["stages"]:
            for index in range(stage["depth"]):
                stride = stage["stride"] if index == 0 else 1
                name = f"features.{position}.conv"
                x = self.inverted_residual(x, name, stage["expansion"], stage["out"], stride)
                position += 1
        x = self.conv(x, f"features.{position}.0", network["head"], 1)
        x = self.relu(self.norm(x, f"features.{position}.1"), 6.0)
        return self.classifier(x, "classifier.1")


def create_model(network, weight_decay):
    """The network of these facts, the zoo's own, with fresh weights, for images of 32x32."""
    builder = Builder(weight_decay)
    images = keras.Input((32, 32, 3))
    if "stages" in network:
        logits = builder.mobilenet_v2(images, network)
    else:
        logits = builder.resnet(images, network) if "widths" in network else builder.resnext(images, network)
    return keras.Model(images, logits)


def load_weights(model, weights):
    """Weights by the zoo's names and in its layouts, all of them and no others."""
    missing = set(weights)
    for layer in model.layers:
        for variable in layer.weights:
            name = f"{layer.name}/{variable.name}"
            array = weights[name]
            missing.remove(name)
            if isinstance(layer, layers.DepthwiseConv2D):
                array = array.transpose(0, 1, 3, 2)
            variable.assign(array)
    if missing:
        raise ValueError(f"the model has no {', '.join(sorted(missing))}")
