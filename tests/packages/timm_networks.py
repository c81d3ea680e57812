"""Programs with networks of timm."""

from .running import learned, numbers


def network(name, size=64, dtype="float32", **options):
    """A program: a step of a network of timm in evaluation mode."""

    def program():
        import timm
        import torch

        model = timm.create_model(name, num_classes=10, **options).eval().to(getattr(torch, dtype))
        return learned(model, numbers(2, 3, size, size, dtype=dtype))

    return program


SMALL = {"img_size": 32, "size": 32}
# float64 where roundings in float32 grow, or move an activation over its kink
NETWORKS = {
    "resnet10t": {},
    "mobilenetv3_small_050": {},
    "mobilenetv4_conv_small_035": {},
    "tf_efficientnet_lite0": {"dtype": "float64"},
    "regnetx_002": {},
    "convnext_atto": {"size": 32},
    "vit_tiny_patch16_224": {**SMALL, "depth": 2},
    "deit_tiny_distilled_patch16_224": {**SMALL, "depth": 2},
    "eva02_tiny_patch14_224": {"img_size": 28, "size": 28, "depth": 2},
    "edgenext_xx_small": {},
    "mobilevit_xxs": {},
    "mobilevitv2_050": {},
    "ghostnet_050": {"dtype": "float64"},
    "lcnet_035": {},
    "tinynet_e": {},
    "dla46_c": {},
    "levit_128s": {"img_size": 64, "dtype": "float64"},
    "cait_xxs24_224": {**SMALL, "depth": 2},
    "gmlp_ti16_224": SMALL,
    "starnet_s050": {"dtype": "float64"},
    "inception_next_atto": {},
    "hiera_tiny_224": {"img_size": 64, "stages": (1, 1, 1, 1), "embed_dim": 32},
    "gcvit_xxtiny": SMALL,
    "davit_tiny": {"depths": (1, 1, 1, 1), "embed_dims": (24, 48, 96, 192), "num_heads": (1, 2, 4, 8)},
    "hgnetv2_b0": {},
}
PROGRAMS = {name: ("timm torchvision", network(name, **options)) for name, options in NETWORKS.items()}
