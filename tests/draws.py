"""Random inputs for the tests that compare with PyTorch."""

import numpy as np


class draws(np.random.RandomState):
    """NumPy's generator whose numbers no version of it changes: records answer these very inputs."""

    def integers(self, low, high=None, size=None):
        return self.randint(low, high, size, dtype=np.int64)
