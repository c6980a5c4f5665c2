"""What a trained model is: a scaler and weights for NumPy, in versions that can be put to use."""
