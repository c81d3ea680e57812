"""The Tensor and what makes, fills, prints and changes it."""
