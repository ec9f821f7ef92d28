"""What does attention learn from a few pages? A character-level transformer reads minigrad's own reference.

It is judged on sections that were held back, beside a table of which character follows which (bigrams).

python examples/transformer.py --seed 0
"""

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

import minigrad as mg
from minigrad import nn, optim

LENGTH = 32  # characters that are seen at once


class Transformer(nn.Module):
    """Each place holds the sum of its character's vector and its position's; attention looks back along the places."""

    def __init__(self, characters: int, width: int = 128, layers: int = 1) -> None:
        self.character = nn.Embedding(characters, width, init=nn.init.normal(std=0.5))
        self.position = nn.Embedding(LENGTH, width, init=nn.init.normal(std=0.5))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True, norm_first=True)
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, characters)

    def forward(self, text: Any) -> Any:
        """(n, l) characters -> (n, l, characters) scores of the next one; a place sees itself and those before it."""
        x = self.character(text) + self.position(np.arange(text.shape[1]))
        for block in self.blocks:
            x = block(x, is_causal=True)
        return self.head(self.norm(x))


def read() -> tuple[str, str]:
    """The reference in docs/: nine of ten sections to learn from, and every tenth."""
    page = Path(__file__).parent.parent / "docs" / "reference.md"
    sections = page.read_text(encoding="utf-8").split("\n### ")
    held_back = sections[9::10]
    return "\n### ".join(section for section in sections if section not in held_back), "\n### ".join(held_back)


def windows(text: Any, starts: Any) -> tuple[Any, Any]:
    """Stretches of LENGTH characters, and the same moved on by one: what follows each."""
    places = starts[:, None] + np.arange(LENGTH)
    return text[places], text[places + 1]


def bits(scores: Any, following: Any) -> Any:
    """The mean number of bits that the right next character costs: the cross-entropy, in base 2."""
    return mg.cross_entropy(scores.reshape(-1, scores.shape[-1]), following.reshape(-1)) / math.log(2)


def evaluate(model: nn.Module, text: Any) -> float:
    """Bits a character on stretches that lie end to end."""
    x, following = windows(text, np.arange(0, len(text) - LENGTH, LENGTH))
    with mg.no_grad():
        return float(bits(model(x), following))


def bigram_bits(train: Any, test: Any, characters: int) -> float:
    """The same for a table of how often a character follows another, each count started at 0.1."""
    counts = np.full((characters, characters), 0.1)
    np.add.at(counts, (train[:-1], train[1:]), 1)
    chances = counts / counts.sum(axis=1, keepdims=True)
    return float(-np.log2(chances[test[:-1], test[1:]]).mean())


def write(model: nn.Module, text: list[int], count: int, rng: np.random.Generator, temperature: float = 0.6) -> Any:
    """Draw one character after the other, a likely one most of the time."""
    with mg.no_grad():
        for _ in range(count):
            scores = model(np.array([text[-LENGTH:]])).data[0, -1].astype(float) / temperature
            chances = np.exp(scores - scores.max())
            text = [*text, int(rng.choice(len(chances), p=chances / chances.sum()))]
    return text


def main(seed: int = 0, steps: int = 2200, progress: bool = True) -> tuple[float, float, float]:
    """Train, print bits a character and a sample; return those before, after, and of the bigrams."""
    mg.seed(seed)
    rng = np.random.default_rng(seed)
    texts = read()
    alphabet = sorted(set("".join(texts)))
    number = {character: i for i, character in enumerate(alphabet)}
    train, test = (np.array([number[character] for character in text]) for text in texts)

    with mg.default_dtype("float32"):
        model = Transformer(len(alphabet))
    optimizer = optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps, pct_start=0.1)
    before = evaluate(model, test)
    for _ in track(range(steps), "training", disable=not progress):
        x, following = windows(train, rng.integers(0, len(train) - LENGTH, 16))
        optimizer.zero_grad()
        bits(model(x), following).backward()
        optim.clip_grad_norm(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()

    after, bigrams = evaluate(model, test), bigram_bits(train, test, len(alphabet))
    print(f"{len(train):,} characters to learn from, {len(test):,} held back. Bits a character on these:")
    print(f"  all {len(alphabet)} alike             {math.log2(len(alphabet)):.2f}")
    print(f"  transformer, untrained   {before:.2f}")
    print(f"  bigrams                  {bigrams:.2f}")
    print(f"  transformer, trained     {after:.2f}")
    sample = write(model, [number[character] for character in "The gradient"], 300, rng)
    print("\nA sample:\n" + "".join(alphabet[i] for i in sample))
    return before, after, bigrams


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=2200)
    main(**vars(parser.parse_args()))
