"""Exports for TensorBoard's embedding projector, and the process that serves one."""
