"""Programs with networks of timm."""

from .running import learned, numbers


def network(name, size=64, dtype="float32", **options):
    """A program: a step of a network of timm in evaluation mode."""

    def program():
        import timm
        import torch

        model = timm.create_model(name, num_classes=10, **options).eval().to(getattr(torch, dtype))
        return learned(model, numbers(1, 3, size, size, dtype=dtype))

    return program


SMALL = {"img_size": 32, "size": 32}
NETWORKS = {
    "resnet10t": {},
    "mobilenetv3_small_050": {},
    "mobilenetv4_conv_small_035": {},
    "tf_efficientnet_lite0": {},
    "regnetx_002": {},
    "convnext_atto": {"size": 32},
    "convnextv2_atto": {"size": 32},
    "vit_tiny_patch16_224": {**SMALL, "depth": 2},
    "deit_tiny_distilled_patch16_224": {**SMALL, "depth": 2},
    "eva02_tiny_patch14_224": {"img_size": 28, "size": 28, "depth": 2},
    "swin_tiny_patch4_window7_224": {"img_size": 56, "size": 56, "depths": (1, 1, 1, 1), "embed_dim": 24},
    "edgenext_xx_small": {},
    "mobilevit_xxs": {},
    "mobilevitv2_050": {},
    "ghostnet_050": {},
    "lcnet_035": {},
    "tinynet_e": {},
    "dla46_c": {},
    "pvt_v2_b0": {},
    "poolformer_s12": {},
    "levit_128s": {"dtype": "float64", "img_size": 64},
    "xcit_nano_12_p16_224": {"dtype": "float64", **SMALL, "depth": 2},
    "cait_xxs24_224": {**SMALL, "depth": 2},
    "mixer_s32_224": {"img_size": 64},
    "resmlp_12_224": SMALL,
    "gmlp_ti16_224": SMALL,
    "efficientformer_l1": {"size": 224},
    "repvgg_a0": {},
    "rexnet_100": {},
    "selecsls42": {},
    "visformer_tiny": {"img_size": 32, "size": 32},
    "fastvit_t8": {
        "dtype": "float64",
    },
    "starnet_s050": {
        "dtype": "float64",
    },
    "tiny_vit_5m_224": {},
    "mambaout_femto": {"depths": (1, 1, 1, 1)},
    "inception_next_atto": {},
    "coat_tiny": {"img_size": 32, "size": 32},
    "hiera_tiny_224": {"dtype": "float64", "img_size": 64, "stages": (1, 1, 1, 1), "embed_dim": 32},
    "focalnet_tiny_srf": {},
    "gcvit_xxtiny": {"img_size": 32, "size": 32},
    "davit_tiny": {"depths": (1, 1, 1, 1), "embed_dims": (24, 48, 96, 192), "num_heads": (1, 2, 4, 8)},
    "sequencer2d_s": {
        "layers": (1, 1, 1, 1),
        "embed_dims": (24, 48, 48, 48),
        "hidden_sizes": (6, 12, 12, 12),
    },
    "res2net50_26w_4s": {"size": 32},
    "dpn48b": {"size": 32},
    "hgnetv2_b0": {},
}
PROGRAMS = {name: ("timm torchvision", network(name, **options)) for name, options in NETWORKS.items()}
