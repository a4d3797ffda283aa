"""Keras on TensorFlow, compiled by its defaults."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file, save_file

from keras_models import create_model, load_weights
from worker import Unsupported


class Keras:
    def __init__(self, threads):
        tf.config.threading.set_intra_op_parallelism_threads(threads)

    def versions(self):
        return {"keras": keras.__version__, "tensorflow": tf.__version__}

    def prepare(self, work, folder, optimizer):
        if work["kind"] not in ("training", "inference"):
            raise Unsupported(f"Keras is not asked for {work['kind']}")
        keras.backend.clear_session()
        training = work["kind"] == "training"
        decay = optimizer["weightDecay"] if training else 0
        model = create_model(work["network"], decay)
        load_weights(model, load_file(f"{folder}/weights.safetensors"))
        inputs = load_file(f"{folder}/inputs.safetensors")
        return Training(work, model, inputs, optimizer) if training else Inference(model, inputs)


class Inference:
    def __init__(self, model, inputs):
        self.model = model
        self.images = tf.constant(inputs["images"])
        self.parameters = int(sum(np.prod(v.shape) for v in model.trainable_variables))

    def step(self):
        return np.asarray(self.model.predict_on_batch(self.images))

    def check(self, path):
        save_file({"logits": self.step()}, path)


class Training(Inference):
    def __init__(self, work, model, inputs, optimizer):
        super().__init__(model, inputs)
        self.checked_steps = work["checkedSteps"]
        self.labels = tf.constant(inputs["labels"])
        model.compile(
            keras.optimizers.SGD(optimizer["learningRate"], optimizer["momentum"], nesterov=True),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )

    def step(self):
        return float(self.model.train_on_batch(self.images, self.labels))

    def check(self, path):
        logits = np.asarray(self.model(self.images, training=False))
        losses = []
        for _ in range(self.checked_steps):
            penalty = float(sum(self.model.losses))
            losses.append(self.step() - penalty)
        save_file({"logits": logits, "losses": np.array(losses, np.float32)}, path)
