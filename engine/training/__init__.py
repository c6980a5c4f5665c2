"""Training of the MLP and the triplet embedding: the only place that imports TensorFlow.

Runs in a process of its own (``python -m engine.training``). Nothing is imported here, so that
the window's process can start it without TensorFlow.
"""
