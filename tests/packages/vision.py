"""Programs with torchvision."""

from .running import learned, numbers, torchvision


def network(name, size=64, dtype="float32", **options):
    """A program: a step of a network of torchvision in evaluation mode."""

    def program():
        import torch

        models = torchvision().models
        make = SMALL.get(name, lambda models, **options: models.get_model(name, weights=None, **options))
        model = make(models, num_classes=10, **options).eval().to(getattr(torch, dtype))
        return learned(model, numbers(1, 3, size, size, dtype=dtype))

    return program


def vgg(models, num_classes):
    """A VGG net whose classifier does not have 120 million weights."""
    from torch import nn

    net = models.VGG(models.vgg.make_layers([8, "M", 16, "M", 32, 32, "M"], batch_norm=True), num_classes)
    net.classifier = nn.Sequential(nn.Linear(32 * 49, 10))
    return net


def alexnet(models, num_classes):
    """The AlexNet with a small classifier."""
    from torch import nn

    net = models.AlexNet(num_classes=num_classes)
    net.classifier = nn.Sequential(nn.Dropout(), nn.Linear(256 * 36, 10))
    return net


def vit(models, num_classes):
    """A transformer on patches, of two layers."""
    return models.VisionTransformer(32, 8, 2, 4, 32, 64, num_classes=num_classes)


def maxvit(models, num_classes):
    """A MaxViT of two small blocks."""
    return models.MaxVit((64, 64), 16, 4, [16, 32], [1, 1], 8, 0.1, num_classes=num_classes)


def resnet(width):
    """A ResNet of bottlenecks, with one block per stage."""

    def make(models, num_classes):
        return models.ResNet(models.resnet.Bottleneck, [1, 1, 1, 1], num_classes, **width)

    return make


SMALL = {
    "alexnet": alexnet,
    "maxvit": maxvit,
    "resnext": resnet({"groups": 4, "width_per_group": 8}),
    "vgg": vgg,
    "vit": vit,
    "wide_resnet": resnet({"width_per_group": 32}),
}
NETWORKS = {
    "alexnet": {},
    "convnext_tiny": {"size": 32},
    "densenet121": {"size": 32},
    "efficientnet_b0": {"size": 32},
    "efficientnet_v2_s": {"size": 32, "dtype": "float64"},
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception_v3": {"size": 75, "aux_logits": False, "init_weights": False},
    "maxvit": {},
    "mnasnet0_5": {"size": 32},
    "mobilenet_v2": {"size": 32},
    "mobilenet_v3_small": {"size": 32},
    "regnet_y_400mf": {"size": 32},
    "resnet18": {"size": 32},
    "resnext": {"size": 32},
    "shufflenet_v2_x0_5": {"size": 32},
    "squeezenet1_1": {},
    "swin_t": {"size": 32},
    "swin_v2_t": {"size": 32},
    "vgg": {"size": 32},
    "vit": {"size": 32},
    "wide_resnet": {"size": 32},
}
PROGRAMS = {name: ("torchvision", network(name, **options)) for name, options in NETWORKS.items()}
