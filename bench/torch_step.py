"""The networks of bench/step.cpp in PyTorch eager: momentum SGD, with the statistics that users collect per parameter
(norm, maximum, mean, deviation, zeros, finite, histogram of exponents) and without. A JSON object per network."""
import json
import sys
import time

import torch


def dense(width, hidden, outputs):
    layers = []
    for units in hidden:
        layers += [torch.nn.Linear(width, units), torch.nn.ReLU()]
        width = units
    return torch.nn.Sequential(*layers, torch.nn.Linear(width, outputs)), (layers[0].in_features,), outputs


def mnist_cnn():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 32, 3), torch.nn.ReLU(), torch.nn.Conv2d(32, 64, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(64 * 12 * 12, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)), (1, 28, 28), 10


class Recurrent(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.cell = kind(128, 128, batch_first=True)
        self.head = torch.nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.cell(x)[0][:, -1])


def recurrent(kind):
    return Recurrent(kind), (100, 128), 10


def convolution(channels, filters, kernel, stride):
    return torch.nn.Sequential(torch.nn.Conv2d(channels, filters, kernel, stride, kernel // 2, bias=False),
                               torch.nn.BatchNorm2d(filters))


class Block(torch.nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.first = convolution(channels, filters, 3, stride)
        self.second = convolution(filters, filters, 3, 1)
        self.shortcut = torch.nn.Identity() if stride == 1 else convolution(channels, filters, 1, stride)
        self.relu = torch.nn.ReLU()

    def forward(self, x):
        return self.relu(self.second(self.relu(self.first(x))) + self.shortcut(x))


def resnet(widths, blocks):
    layers, channels = [convolution(3, widths[0], 3, 1), torch.nn.ReLU()], widths[0]
    for stage, width in enumerate(widths):
        for block in range(blocks):
            layers.append(Block(channels, width, 2 if stage > 0 and block == 0 else 1))
            channels = width
    return torch.nn.Sequential(*layers, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
                               torch.nn.Linear(channels, 10)), (3, 32, 32), 10


class Transformer(torch.nn.Module):
    def __init__(self, width, heads, hidden, layers):
        super().__init__()
        layer = torch.nn.TransformerEncoderLayer(width, heads, hidden, dropout=0.0, batch_first=True)
        self.encoder = torch.nn.TransformerEncoder(layer, layers)
        self.head = torch.nn.Linear(width, 10)

    def forward(self, x):
        return self.head(self.encoder(x).mean(1))


def transformer(steps, width, heads, hidden, layers):
    return Transformer(width, heads, hidden, layers), (steps, width), 10


# name, (network, shape of a sample, classes), batch
NETWORKS = [
    ("64-wide, 30 layers, batch 32", lambda: dense(64, [64] * 29, 10), 32),
    ("784-256x4-10, batch 64", lambda: dense(784, [256] * 4, 10), 64),
    ("2-32x8-2, batch 32", lambda: dense(2, [32] * 8, 2), 32),
    ("1024-wide, 8 layers, batch 256", lambda: dense(1024, [1024] * 7, 10), 256),
    ("MNIST CNN, batch 64", mnist_cnn, 64),
    ("LSTM 128, 100 steps, batch 32", lambda: recurrent(torch.nn.LSTM), 32),
    ("GRU 128, 100 steps, batch 32", lambda: recurrent(torch.nn.GRU), 32),
    ("ResNet 16-32-64, batch 64", lambda: resnet([16, 32, 64], 2), 64),
    ("Transformer 4x128, 64 steps, batch 32", lambda: transformer(64, 128, 4, 512, 4), 32),
]


def collect(parameter):
    g = parameter.grad
    return (g.norm(), g.abs().max(), g.mean(), g.std(), (g == 0).sum(), torch.isfinite(g).all(),
            torch.histc(torch.log2(g.abs().clamp_min(1e-38)), 64, -127, 1))


def make_step(build, batch, statistics):
    net, sample, classes = build()
    for layer in net.modules():
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.kaiming_normal_(layer.weight)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9)
    x, y = torch.randn(batch, *sample), torch.randint(0, classes, (batch,))
    loss = torch.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss(net(x), y).backward()
        if statistics:
            for parameter in net.parameters():
                collect(parameter)
        optimizer.step()

    return step


def measure(step, seconds):
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in range(4):
            step()
        steps += 4
    return (time.perf_counter() - start) / steps * 1e3


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    cores = torch.get_num_threads()
    for name, build, batch in NETWORKS:
        if only not in name:
            continue
        # The better of one thread and all: PyTorch's best figure.
        result = {"name": name}
        for key, statistics in (("plain_ms", False), ("statistics_ms", True)):
            best = float("inf")
            for count in {1, cores}:
                torch.set_num_threads(count)
                step = make_step(build, batch, statistics)
                measure(step, seconds / 8)
                rounds = sorted(measure(step, seconds / 12) for _ in range(5))
                best = min(best, rounds[2])
            result[key] = best
        print(json.dumps(result), flush=True)


main()
