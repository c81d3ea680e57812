"""Multivariate normal distributions."""

import mytorch
from tests.distributions.test_distributions import build
from tests.referee import torch


def test_multivariate_normals_show_what_was_given():
    for given in ("tril @ tril.mT", "precision_matrix=tril @ tril.mT", "scale_tril=tril"):
        texts = [repr(build(f"MultivariateNormal(loc, {given})", lib)[0]) for lib in (mytorch, torch)]
        assert texts[0].replace("mytorch.", "torch.") == texts[1]
