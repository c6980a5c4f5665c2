"""The training process: the only place that imports TensorFlow."""
