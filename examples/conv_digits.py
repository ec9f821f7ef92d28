"""How well does a small convolutional network read real handwritten digits?

python examples/conv_digits.py --seed 0
"""

import argparse

import numpy as np

import minigrad as mg
from minigrad import data, nn, optim
from minigrad.training import History, accuracy, evaluate, fit


def network() -> nn.Sequential:
    """Two blocks of convolutions, then one average for each channel: where a stroke is matters less than that it is."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, init="he_normal"),  # (n, 1, 8, 8) -> (n, 16, 8, 8)
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1, init="he_normal"),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (n, 32, 4, 4)
        nn.Conv2d(32, 64, 3, padding=1, init="he_normal"),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (n, 64, 2, 2)
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(256, 10),
    )


def main(seed: int = 0, epochs: int = 20, progress: bool = True) -> float:
    """Train, print the last epochs as a table, and return the accuracy on the images that were held back."""
    mg.seed(seed)
    x_train, y_train, x_test, y_test = data.digits(as_images=True)
    standardize = nn.Standardize().fit(x_train, axis=(0, 2, 3))  # one mean and deviation for all pixels
    x_train, x_test = (standardize(x).astype(np.float32) for x in (x_train, x_test))

    with mg.default_dtype("float32"):
        model = network()
    optimizer = optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.05)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    history: History = fit(
        *(model, mg.cross_entropy, optimizer, x_train, y_train),
        epochs=epochs,
        batch_size=64,
        schedule=schedule,
        progress=progress,
    )
    print(history)

    test = evaluate(model, mg.cross_entropy, x_test, y_test, metrics={"accuracy": accuracy})
    wrong = round((1 - test["accuracy"]) * len(x_test))
    print(f"seed {seed}: {test['accuracy']:.1%} of the test images are read right, {wrong} of {len(x_test)} are not")
    return test["accuracy"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=20)
    main(**vars(parser.parse_args()))
