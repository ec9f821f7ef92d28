"""Can a network read a digit line by line, and change its mind on the way? An LSTM sees one row of pixels at a time.

python examples/lstm.py --seed 0
"""

import argparse
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import data, nn, optim
from minigrad.training import accuracy, fit


class RowReader(nn.Module):
    """An LSTM over the 8 rows of an image, and a linear layer that says after each row which digit it may be."""

    def __init__(self, hidden: int = 96) -> None:
        self.lstm = nn.LSTM(8, hidden, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(hidden, 10)

    def forward(self, x: Any) -> Any:
        """(n, 8 rows, 8 pixels) -> scores (n, 8 rows, 10 digits)."""
        out, _ = self.lstm(x)
        return self.head(self.dropout(out))


def loss(scores: Any, digit: Any) -> Any:
    """The cross-entropy after the last row and, half as much of it, after each: a best guess is wanted at any time."""
    after_each = mg.cross_entropy(scores.reshape(-1, 10), np.repeat(digit, 8))
    return mg.cross_entropy(scores[:, -1], digit) + 0.5 * after_each


def right_at_the_end(scores: Any, digit: Any) -> float:
    """The share of digits that are known after the last row."""
    return accuracy(scores[:, -1], digit)


def main(seed: int = 0, epochs: int = 40, progress: bool = True) -> float:
    """Train, print how much is known after each row, and return the accuracy on the images that were held back."""
    mg.seed(seed)
    x_train, y_train, x_test, y_test = data.digits()
    x_train, x_test = x_train.reshape(-1, 8, 8), x_test.reshape(-1, 8, 8)
    standardize = nn.Standardize().fit(x_train, axis=(0, 1, 2))  # one mean and deviation for all pixels
    pixels, seen, held = x_test, standardize(x_train).astype(np.float32), standardize(x_test).astype(np.float32)

    with mg.default_dtype("float32"):
        model = RowReader()
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    fit(
        *(model, loss, optimizer, seen, y_train),
        epochs=epochs,
        batch_size=64,
        metrics={"accuracy": right_at_the_end},
        schedule=schedule,
        progress=progress,
    )

    model.eval()
    with mg.no_grad():
        beliefs = mg.softmax(model(held), dim=-1).data  # (359, 8 rows, 10 digits)
    print("rows seen   test images read right   mean probability of the right digit")
    for row in range(8):
        right = accuracy(beliefs[:, row], y_test)
        probability = beliefs[np.arange(len(y_test)), row, y_test].mean()
        print(f"{row + 1:9d}   {right:23.1%}   {probability:35.1%}")

    changes = (np.diff(beliefs.argmax(axis=2), axis=1) != 0).sum(axis=1)
    sample = int(np.argmax(changes * (beliefs[:, -1].argmax(axis=1) == y_test)))
    print(f"\nA test image of a {y_test[sample]}, and what the network takes it for after each row:")
    for line, belief in zip(pixels[sample], beliefs[sample]):
        ink = "".join(2 * " .:*#"[int(value) * 4 // 16] for value in line)
        print(f"  {ink}  {belief.argmax()}  {belief.max():4.0%}")

    right = accuracy(beliefs[:, -1], y_test)
    print(f"\nseed {seed}: {right:.1%} of the test images are read right")
    return right


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=40)
    main(**vars(parser.parse_args()))
