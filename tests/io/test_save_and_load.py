"""Saving and loading: what goes in comes out, damaged files are named, a kill leaves the old file."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.io import load, save

SUFFIXES = [".npz", ".safetensors"]


@pytest.fixture(params=SUFFIXES)
def path(request: Any, tmp_path: Path) -> Path:
    return tmp_path / f"file{request.param}"


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.3), nn.Linear(4, 2))


def test_arrays_come_back(path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {
        **{f"a.{kind}": (100 * rng.random((2, 3))).astype(kind) for kind in ("f8", "f4", "f2", "i8", "u1", "?", "c8")},
        "turned": np.asfortranarray(rng.random((4, 5)))[::2].T,
        "big endian": rng.random(3).astype(">f8"),
        "empty": np.zeros((0, 3)),
        "number": np.array(3.5),
        "file": np.ones(2),
        "__metadata__": np.arange(3),
        "": np.ones(1),
        "name/../with.npy": np.ones(1),
    }
    save(path, arrays)
    found = load(path)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype.newbyteorder("=") or path.suffix == ".npz"
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.writeable


def test_nested_states_come_back(path: Path) -> None:
    state: dict[str, Any] = {
        "a": {"b": {"c": np.ones(2)}, "b.c": np.zeros(3)},
        "list": [1, 2.5, None, True, "text", float("inf"), np.arange(2), []],
        "big": 2**100,
        "by number": {0: {"m": np.ones(1)}, 1: "x"},
        "$array": {"$dict": 3},
        "empty": {},
        "tenth": 0.1,
    }
    save(path, first=state, second=np.float32(2))
    found = load(path)["first"]
    assert str(found) == str(state)
    assert isinstance(found["by number"][0]["m"], np.ndarray)


def test_models_optimizers_and_generators(path: Path) -> None:
    net = model()
    adam = optim.Adam(net.parameters(), lr=0.01)
    schedule = optim.lr_scheduler.StepLR(adam, 3)
    rng = np.random.default_rng(7)
    net(np.ones((5, 3))).sum().backward()
    adam.step()
    save(path, model=net, optimizer=adam, schedule=schedule, rng=rng, epoch=4)
    expected = rng.random(3)
    found = load(path)
    other = model()
    other.load_state_dict(found["model"])
    resumed = optim.Adam(other.parameters())
    resumed.load_state_dict(found["optimizer"])
    assert resumed.param_groups[0]["lr"] == 0.01 and found["epoch"] == 4
    np.testing.assert_array_equal(resumed.state[other[0].weight]["exp_avg"], adam.state[net[0].weight]["exp_avg"])
    generator = np.random.default_rng()
    generator.bit_generator.state = found["rng"]
    np.testing.assert_array_equal(generator.random(3), expected)
    save(path, net)
    assert list(load(path)) == list(net.state_dict())
    save(path, {"x": mg.tensor([1.0], requires_grad=True)})
    np.testing.assert_array_equal(load(path)["x"], [1.0])


def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(path: Path) -> None:
    x, y = mg.data.moons(60, rng=np.random.default_rng(0))

    def start() -> tuple[nn.Module, Any, Any]:
        mg.seed(0)
        net = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
        adam = optim.Adam(net.parameters(), lr=0.01)
        return net, adam, optim.lr_scheduler.CosineAnnealingLR(adam, 6)

    def epochs(net: nn.Module, adam: Any, schedule: Any, n: int) -> None:
        for _ in range(n):
            for xb, yb in mg.data.batches(x, y, 16):
                adam.zero_grad()
                mg.cross_entropy(net(xb), yb).backward()
                adam.step()
            schedule.step()

    whole = start()
    epochs(*whole, 6)
    begun = start()
    epochs(*begun, 2)
    net, adam, schedule = begun
    save(path, model=net, optimizer=adam, schedule=schedule, rng=mg.context.generator.get())
    mg.seed(99)
    net, adam, schedule = start()
    found = load(path)
    net.load_state_dict(found["model"]), adam.load_state_dict(found["optimizer"])
    schedule.load_state_dict(found["schedule"])
    mg.context.generator.get().bit_generator.state = found["rng"]
    epochs(net, adam, schedule, 4)
    for key, value in whole[0].state_dict().items():
        np.testing.assert_array_equal(net.state_dict()[key], value, err_msg=key)


def test_every_truncation_is_an_error_that_names_the_file(path: Path) -> None:
    save(path, model=nn.Linear(3, 2), epoch=3)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"load: .*file\.\w+ is damaged, or no \.\w+ file"):
            load(path)


def test_damaged_numbers_are_noticed(path: Path) -> None:
    save(path, {"w": np.arange(100.0)})
    whole = bytearray(path.read_bytes())
    at = whole.index(np.arange(100.0).tobytes()) + 400
    whole[at] ^= 1
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="is damaged"):
        load(path)


class Trap:
    def __reduce__(self) -> Any:
        return os.system, ("echo this must never run; exit 1",)


@pytest.mark.parametrize("what", ["pickle", "pickled npz", "text", "directory", "png"])
def test_foreign_files(path: Path, what: str, capfd: Any) -> None:
    if what == "pickle":
        path.write_bytes(pickle.dumps(Trap()))
    elif what == "pickled npz":
        with open(path, "wb") as file:
            np.savez(file, w=np.array([Trap()], dtype=object))
    elif what == "directory":
        path.mkdir()
        with pytest.raises(IsADirectoryError):
            load(path)
        return
    else:
        path.write_bytes(b"hello, world, this is text" if what == "text" else b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(ValueError, match=r"load: .*file"):
        load(path)
    assert "never run" not in capfd.readouterr().out


def test_what_cannot_be_saved_leaves_the_old_file(path: Path) -> None:
    save(path, {"w": np.ones(3)})
    for wrong in ({"f": print}, {"o": np.array([None])}, {"s": np.array(["text"])}, {"d": {"deep": {1, 2}}}):
        with pytest.raises(TypeError, match="save: "):
            save(path, wrong)
    with pytest.raises(TypeError, match="d.deep is a set"):
        save(path, {"d": {"deep": {1, 2}}})
    with pytest.raises(TypeError, match="int is no dict"):
        save(path, 3)
    with pytest.raises(TypeError, match="one state, or a path and named"):
        save(path)
    with pytest.raises(ValueError, match=r"ends in '\.pt'; it must end in \.npz or \.safetensors"):
        save(path.with_suffix(".pt"), {"w": np.ones(1)})
    np.testing.assert_array_equal(load(path)["w"], np.ones(3))
    assert [p.name for p in path.parent.iterdir()] == [path.name], "no unfinished file stays behind"


def test_links_and_permissions_stay(path: Path) -> None:
    real = path.with_name(f"real{path.suffix}")
    save(real, {"w": np.ones(1)})
    real.chmod(0o640)
    path.symlink_to(real)
    save(path, {"w": np.zeros(1)})
    assert path.is_symlink() and load(real)["w"] == 0
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_kill_at_any_moment_leaves_a_whole_file(path: Path) -> None:
    save(path, {"w": np.full(200_000, -1.0), "i": np.array(-1)})
    script = textwrap.dedent(
        f"""
        import numpy as np
        from minigrad.io import save
        print("ready", flush=True)
        for i in range(10**9):
            save({str(path)!r}, {{"w": np.full(200_000, float(i)), "i": np.array(i)}})
        """
    )
    seen = set()
    for wait in (0.0, 0.003, 0.011, 0.02, 0.05, 0.083, None):
        child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        if wait is None:  # once, however slow the machine is, not before something was saved
            before, deadline = path.stat().st_mtime_ns, time.monotonic() + 60
            while path.stat().st_mtime_ns == before and time.monotonic() < deadline:
                time.sleep(0.01)
        else:
            time.sleep(wait)
        child.kill()
        child.wait()
        child.stdout.close()
        found = load(path)
        assert (found["w"] == found["i"]).all()
        seen.add(int(found["i"]))
    assert len(seen) > 1, "the kills came before anything was saved"


def test_files_of_others(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "theirs.npz", a=np.arange(3), b=np.ones((2, 2), np.float32))
    found = load(tmp_path / "theirs.npz")
    assert list(found) == ["a", "b"] and found["b"].dtype == np.float32
    save(tmp_path / "ours.npz", nn.Linear(2, 3))
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as archive:
        assert archive["weight"].shape == (3, 2) and archive.files == ["weight", "bias"]


def test_the_safetensors_package_reads_ours_and_writes_for_us(tmp_path: Path) -> None:
    package = pytest.importorskip("safetensors.numpy")
    arrays = {"b": np.arange(5, dtype=np.int16), "a": np.ones((2, 3)), "c": np.array([True])}
    package.save_file(arrays, tmp_path / "theirs.safetensors", metadata={"format": "pt"})
    found = load(tmp_path / "theirs.safetensors")
    save(tmp_path / "ours.safetensors", model={"x": arrays}, epoch=3)
    theirs = package.load_file(tmp_path / "ours.safetensors")
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        np.testing.assert_array_equal(theirs[f"model.x.{name}"], array)


def test_bfloat16_becomes_float32(tmp_path: Path) -> None:
    import json

    values = np.array([1.0, -2.5, 3.140625], np.float32)
    halves = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    header = json.dumps({"w": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
    path = tmp_path / "half.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + halves)
    found = load(path)["w"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, values)


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=path.name):
        load(path)
