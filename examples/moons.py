"""How does one train a network with minigrad? Two interleaved half circles, and a training loop of five lines.

python examples/moons.py
"""

import numpy as np

import minigrad as mg
from minigrad import data, nn, optim


def main(steps: int = 300) -> float:
    """Train, print the loss on the way, and return the share of points on the right side."""
    mg.seed(0)
    x, y = data.moons(400, noise=0.15)
    x = nn.Standardize().fit(x)(x)
    model = nn.Sequential(
        nn.Linear(2, 16, init="xavier_normal"),
        nn.Tanh(),
        nn.Linear(16, 16, init="xavier_normal"),
        nn.Tanh(),
        nn.Linear(16, 2, init="xavier_normal"),
    )
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    for step in range(steps + 1):
        optimizer.zero_grad()
        loss = mg.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step:4d}  loss {loss.item():.4f}")
    right = float(np.mean(np.argmax(model(x).data, axis=1) == y))
    print(f"{right:.1%} of the points are on the right side")
    return right


if __name__ == "__main__":
    main()
