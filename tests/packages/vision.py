"""Programs with torchvision."""

from .running import fill, learned, numbers, torchvision


def network(name, size=64, dtype="float32", **options):
    """A program: a step of a network of torchvision in evaluation mode."""

    def program():
        import torch

        models = torchvision().models
        make = SMALL.get(name, lambda models, **options: models.get_model(name, weights=None, **options))
        model = make(models, num_classes=10, **options).eval().to(getattr(torch, dtype))
        return learned(model, numbers(2, 3, size, size, dtype=dtype))

    return program


def vgg(models, num_classes):
    """A VGG net without the classifier of 120 million weights."""
    from torch import nn

    features = models.vgg.make_layers([8, "M", 16, "M", 32, 32, "M"], batch_norm=True)
    return nn.Sequential(features, nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(32 * 49, num_classes))


def swin(version):
    """A Swin transformer of two stages."""

    def make(models, num_classes):
        options = {} if version == 1 else {"block": models.swin_transformer.SwinTransformerBlockV2}
        options |= {} if version == 1 else {"downsample_layer": models.swin_transformer.PatchMergingV2}
        return models.SwinTransformer([4, 4], 24, [2, 2], [2, 4], [4, 4], num_classes=num_classes, **options)

    return make


def convnext(models, num_classes):
    """A ConvNeXt of two stages."""
    block = models.convnext.CNBlockConfig
    return models.ConvNeXt([block(16, 32, 2), block(32, None, 1)], num_classes=num_classes)


def efficientnet_v2(models, num_classes):
    """An EfficientNetV2 of three kinds of blocks."""
    fused, block = models.efficientnet.FusedMBConvConfig, models.efficientnet.MBConvConfig
    blocks = [fused(1, 3, 1, 16, 16, 1), fused(4, 3, 2, 16, 24, 2), block(4, 3, 2, 24, 32, 2)]
    return models.EfficientNet(blocks, 0.2, num_classes=num_classes, last_channel=64)


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
    "convnext": convnext,
    "densenet": lambda models, num_classes: models.DenseNet(8, (2, 2, 2, 2), 16, num_classes=num_classes),
    "efficientnet_v2": efficientnet_v2,
    "swin": swin(1),
    "swin_v2": swin(2),
    "maxvit": maxvit,
    "resnext": resnet({"groups": 4, "width_per_group": 8}),
    "vgg": vgg,
    "vit": vit,
    "wide_resnet": resnet({"width_per_group": 32}),
}
# float64 where a rounding in float32 moves an activation over its kink, and so the gradients
NETWORKS = {
    "alexnet": {},
    "convnext": {"size": 32},
    "densenet": {"size": 32},
    "efficientnet_b0": {"size": 32},
    "efficientnet_v2": {"size": 32},
    "googlenet": {"dtype": "float64", "aux_logits": False, "init_weights": False},
    "inception_v3": {"size": 75, "aux_logits": False, "init_weights": False},
    "maxvit": {},
    "mnasnet0_5": {"size": 32},
    "mobilenet_v2": {"size": 32},
    "mobilenet_v3_small": {"size": 32},
    "regnet_y_400mf": {"size": 32},
    "resnet18": {"size": 32},
    "resnext": {"size": 32, "dtype": "float64"},
    "shufflenet_v2_x0_5": {"size": 32},
    "squeezenet1_1": {},
    "swin": {"size": 32},
    "swin_v2": {"size": 32},
    "vgg": {"size": 32},
    "vit": {"size": 32},
    "wide_resnet": {"size": 32},
}
PROGRAMS = {name: ("torchvision", network(name, **options)) for name, options in NETWORKS.items()}


def detection():
    """Boxes: what is written in C++ in torchvision, and what is built on it."""
    import torch

    ops = torchvision().ops
    corners = numbers(30, 2).abs() * 20
    boxes = torch.cat([corners, corners + numbers(30, 2, seed=1).abs() * 15 + 1], 1)
    image = numbers(2, 3, 16, 16).requires_grad_()
    rois = torch.tensor([[0, 1.5, 2.0, 9.0, 12.0], [1, 0.0, 0.0, 15.0, 7.5]])
    pooled = ops.roi_align(image, rois, (3, 4), spatial_scale=0.9, sampling_ratio=2, aligned=True)
    pooled.square().sum().backward()
    return [ops.box_iou(boxes, boxes), ops.generalized_box_iou(boxes[:5], boxes[5:9]), pooled, image.grad]


def suppression():
    """``nms`` in NumPy against its definition, one pair of boxes at a time."""
    import torch

    ops = torchvision().ops
    corners = numbers(40, 2).abs() * 20
    boxes, scores = torch.cat([corners, corners + 8], 1), numbers(40)
    overlap, kept = ops.box_iou(boxes, boxes), []
    for i in scores.argsort(descending=True).tolist():
        if all(overlap[i, j] <= 0.3 for j in kept):
            kept.append(i)
    if hasattr(torch.version, "mytorch"):
        assert ops.nms(boxes, scores, 0.3).tolist() == kept
        groups = torch.arange(40) % 3
        found = ops.batched_nms(boxes, scores, groups, 0.3).tolist()
        assert sorted(found) == sorted(
            i
            for g in range(3)
            for i in _where(groups == g, ops.nms(boxes[groups == g], scores[groups == g], 0.3))
        )
        try:
            ops.roi_pool(numbers(1, 3, 8, 8), torch.zeros(1, 5), 2)
        except NotImplementedError as error:
            assert "torchvision::roi_pool" in str(error)
    return kept


def _where(chosen, places):
    return chosen.nonzero()[:, 0][places].tolist()


def pictures():
    """An image as PIL gives it, through transforms of both versions, and a grid of images saved."""
    import tempfile

    import torch
    from PIL import Image

    utils, transforms = torchvision().utils, torchvision().transforms
    from torchvision.transforms import v2

    values = (numbers(20, 24, 3).sigmoid() * 255).to(torch.uint8).numpy()
    image = Image.fromarray(values)
    calls = [
        transforms.Compose([transforms.Resize(12), transforms.CenterCrop(10), transforms.ToTensor()]),
        transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.2] * 3)]),
        transforms.Compose([transforms.Pad(2), transforms.Grayscale(3), transforms.PILToTensor()]),
        v2.Compose([v2.Resize(12), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]),
    ]
    on_tensors = [
        transforms.Resize(12, antialias=True),
        transforms.CenterCrop(10),
        transforms.Grayscale(),
        v2.Normalize([0.5] * 3, [0.2] * 3),
        lambda x: v2.functional.rotate(x, 30.0),
        lambda x: v2.functional.adjust_contrast(x, 1.5),
        lambda x: v2.functional.adjust_hue(x, 0.2),
        lambda x: v2.functional.gaussian_blur(x, [3, 3]),
        lambda x: v2.functional.horizontal_flip(x),
        lambda x: transforms.functional.affine(x, 10.0, [1, 2], 1.1, [5.0, 0.0]),
        lambda x: transforms.functional.perspective(
            x, [[0, 0], [23, 0], [23, 19], [0, 19]], [[1, 1], [22, 0], [23, 18], [2, 19]]
        ),
        lambda x: transforms.functional.equalize((x * 255).to(torch.uint8)),
    ]  # fmt: skip
    tensor = transforms.functional.to_tensor(image)
    results = [torch.as_tensor(call(image)) for call in calls] + [call(tensor) for call in on_tensors]
    grid = utils.make_grid([tensor, tensor.flip(-1), tensor.flip(-2)], nrow=2, padding=1, normalize=True)
    with tempfile.TemporaryDirectory() as folder:
        utils.save_image(grid, f"{folder}/grid.png")
        saved = torch.as_tensor(transforms.functional.pil_to_tensor(Image.open(f"{folder}/grid.png")))
    drawn = utils.draw_bounding_boxes((tensor * 255).to(torch.uint8), torch.tensor([[2, 2, 10, 12]]), width=2)
    random = v2.Compose(
        [v2.RandomCrop(16, padding=2), v2.RandomHorizontalFlip(), v2.ColorJitter(0.2, 0.2, 0.2, 0.1)]
    )
    assert random(tensor).shape == (3, 16, 16)
    return [results, grid, saved, drawn]


def mnist():
    """Training on torchvision's MNIST, read from the files of the subset that mytorch ships."""
    import gzip
    import pathlib
    import tempfile

    import torch
    from torch import nn
    from torch.nn import functional as F
    from torch.utils.data import DataLoader, Subset

    datasets, transforms = torchvision().datasets, torchvision().transforms
    source = pathlib.Path(__file__).parents[2] / "mytorch/datasets/mnist_subset"
    with tempfile.TemporaryDirectory() as root:
        raw = pathlib.Path(root, "MNIST/raw")
        raw.mkdir(parents=True)
        for path in source.glob("*.gz"):
            (raw / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        change = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
        train, test = (datasets.MNIST(root, train=part, transform=change) for part in (True, False))
    net = nn.Sequential(
        nn.Conv2d(1, 8, 5, 2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 36, 10),
    )
    fill(net)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    losses = []
    for images, labels in DataLoader(Subset(train, range(1600)), batch_size=80):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        images, labels = next(iter(DataLoader(Subset(test, range(500)), batch_size=500)))
        accuracy = (net(images).argmax(1) == labels).float().mean().item()
    assert accuracy > 0.6, accuracy
    return [losses, repr(train).splitlines()[:2]]


PROGRAMS |= {
    "detection": ("torchvision", detection),
    "suppression": ("torchvision", suppression),
    "pictures": ("torchvision PIL", pictures),
    "mnist": ("torchvision", mnist),
}
