"""Convolutional networks."""

from __future__ import annotations

import numpy as np

from .training import data, same_weights, trainer


def cnn(torch, batch=64):
    """conv3 1-32, conv3 32-64, pool, 9216-128-10, Adam."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    return trainer(torch, model, lambda p: torch.optim.Adam(p, lr=1e-3), *data(torch, batch, 1, 28, 28))


def lenet(torch, batch=64):
    """Two 5×5 convolutions with pooling, three linear layers, SGD with momentum."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    return trainer(
        torch, model, lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9), *data(torch, batch, 1, 28, 28)
    )


def bn_cnn(torch, batch=32):
    """Three times conv3-BatchNorm-ReLU with pooling on 32×32 RGB images, Adam."""
    nn = torch.nn
    layers = []
    for a, b in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 10))
    return trainer(torch, model, lambda p: torch.optim.Adam(p, lr=1e-3), *data(torch, batch, 3, 32, 32))


def resnet(torch, batch=16, width=16):
    """ResNet of three blocks with stride 2 and 1×1 shortcuts on 32×32 images, SGD with momentum."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, a, b, stride):
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(a, b, 3, stride, 1, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(),
                nn.Conv2d(b, b, 3, 1, 1, bias=False),
                nn.BatchNorm2d(b),
            )
            self.shortcut = nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b))

        def forward(self, x):
            return torch.relu(self.body(x) + self.shortcut(x))

    model = nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        Block(width, width, 1),
        Block(width, 2 * width, 2),
        Block(2 * width, 4 * width, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4 * width, 10),
    )
    return trainer(
        torch, model, lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9), *data(torch, batch, 3, 32, 32)
    )


def mobilenet(torch, batch=16):
    """Two inverted residuals: 1×1, depthwise 3×3 (one with stride 2), 1×1 convolutions on 32×32 images."""
    nn = torch.nn

    def block(a, b, stride, expansion=4):
        wide = a * expansion
        return nn.Sequential(
            nn.Conv2d(a, wide, 1, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU6(),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU6(),
            nn.Conv2d(wide, b, 1, bias=False),
            nn.BatchNorm2d(b),
        )

    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU6(),
        block(16, 24, 1),
        block(24, 32, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )
    return trainer(
        torch, model, lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9), *data(torch, batch, 3, 32, 32)
    )


def dcgan(torch, batch=16):
    """A step of generator and discriminator: transposed convolutions, stride 2, leaky ReLU; 32×32, Adam."""
    nn = torch.nn
    generator = nn.Sequential(
        nn.ConvTranspose2d(32, 64, 4, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 4, 2, 1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 3, 4, 2, 1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(3, 16, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(16, 32, 4, 2, 1, bias=False),
        nn.BatchNorm2d(32),
        nn.LeakyReLU(0.2),
        nn.Conv2d(32, 64, 4, 2, 1, bias=False),
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 1, 4),
        nn.Flatten(),
    )
    real, noise = data(torch, batch, 3, 32, 32)[0], data(torch, batch, 32, 1, 1, seed=2)[0]
    loss_function = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(batch, 1), torch.zeros(batch, 1)
    optimizers = [
        torch.optim.Adam(same_weights(torch, model).parameters(), lr=2e-4, betas=(0.5, 0.999))
        for model in (discriminator, generator)
    ]

    def step():
        fake = generator(noise)
        optimizers[0].zero_grad()
        loss = loss_function(discriminator(real), ones) + loss_function(discriminator(fake.detach()), zeros)
        loss.backward()
        optimizers[0].step()
        optimizers[1].zero_grad()
        fooled = loss_function(discriminator(fake), ones)
        fooled.backward()
        optimizers[1].step()
        return loss + fooled

    return step


def unet(torch, batch=4, size=64):
    """U-Net of three levels: pooling down, bilinear upsampling and concatenation up, pixel classes, Adam."""
    nn = torch.nn

    def convolutions(a, b):
        return nn.Sequential(
            nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.ReLU()
        )

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.down1, self.down2, self.bottom = (
                convolutions(3, 16),
                convolutions(16, 32),
                convolutions(32, 64),
            )
            self.pool = nn.MaxPool2d(2)
            self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
            self.up2, self.up1 = convolutions(96, 32), convolutions(48, 16)
            self.head = nn.Conv2d(16, 4, 1)

        def forward(self, x):
            high = self.down1(x)
            middle = self.down2(self.pool(high))
            low = self.bottom(self.pool(middle))
            middle = self.up2(torch.cat([self.up(low), middle], 1))
            return self.head(self.up1(torch.cat([self.up(middle), high], 1)))

    rng = np.random.default_rng(3)
    y = torch.from_numpy(rng.integers(0, 4, (batch, size, size)))
    x, _ = data(torch, batch, 3, size, size)
    return trainer(torch, Net(), lambda p: torch.optim.Adam(p, lr=1e-3), x, y)


def infer_cnn1(torch):
    """One 64×64 image through three convolutions (two with stride 2) without gradients."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    same_weights(torch, model).eval()
    x, _ = data(torch, 1, 3, 64, 64)

    def step():
        with torch.no_grad():
            return model(x)

    return step
