"""The networks of bench/step.cpp in PyTorch eager: momentum SGD, with the statistics that users collect per parameter
(norm, maximum, mean, deviation, zeros, finite, histogram of exponents) and without. A JSON object per network."""
import json
import sys
import time

import torch

NETWORKS = [
    ("64-wide, 30 layers, batch 32", 64, [64] * 29, 10, 32, 0),
    ("784-256x4-10, batch 64", 784, [256] * 4, 10, 64, 0),
    ("2-32x8-2, batch 32", 2, [32] * 8, 2, 32, 1),
    ("1024-wide, 8 layers, batch 256", 1024, [1024] * 7, 10, 256, 0),
]


def collect(parameter):
    g = parameter.grad
    return (g.norm(), g.abs().max(), g.mean(), g.std(), (g == 0).sum(), torch.isfinite(g).all(),
            torch.histc(torch.log2(g.abs().clamp_min(1e-38)), 64, -127, 1))


def make_step(width, hidden, outputs, batch, statistics):
    layers, previous = [], width
    for units in hidden:
        layers += [torch.nn.Linear(previous, units), torch.nn.ReLU()]
        previous = units
    layers.append(torch.nn.Linear(previous, outputs))
    net = torch.nn.Sequential(*layers)
    for layer in net:
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.kaiming_normal_(layer.weight)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9)
    x, y = torch.randn(batch, width), torch.randint(0, outputs, (batch,))
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
    for name, width, hidden, outputs, batch, threads in NETWORKS:
        if only not in name:
            continue
        # The better of one thread and all: PyTorch's best figure.
        result = {"name": name}
        for key, statistics in (("plain_ms", False), ("statistics_ms", True)):
            best = float("inf")
            for count in {1, cores}:
                torch.set_num_threads(count)
                step = make_step(width, hidden, outputs, batch, statistics)
                measure(step, seconds / 8)
                rounds = sorted(measure(step, seconds / 12) for _ in range(5))
                best = min(best, rounds[2])
            result[key] = best
        print(json.dumps(result), flush=True)


main()
