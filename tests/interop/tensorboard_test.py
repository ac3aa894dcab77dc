"""Real TensorBoard reads the event files of a training. usage: tensorboard_test.py EVENFLOW"""
import math
import pathlib
import subprocess
import sys
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

program = sys.argv[1]
with tempfile.TemporaryDirectory() as folder:
    model = pathlib.Path(folder) / "net.keras"
    subprocess.run([program, "new", model, "--input", "2", "--hidden", "8x2", "--activation", "relu", "--output", "1",
                    "--output-activation", "sigmoid", "--loss", "binary_crossentropy", "--seed", "1"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([program, "train", model, "--data", "circles:samples=200", "--batch-size", "20", "--epochs", "2",
                    "-q", "--statistics", "full", "--tensorboard", pathlib.Path(folder) / "events"], check=True)
    events = EventAccumulator(str(pathlib.Path(folder) / "events"), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    losses = events.Scalars("batch/loss")
    assert [event.step for event in losses] == list(range(1, 21)), losses
    assert all(math.isfinite(event.value) for event in losses)
    assert len(events.Scalars("epoch/loss")) == 2
    assert "log10_gradient_norm/dense/kernel" in tags["scalars"], tags
    histograms = events.Tensors("gradient_log2/dense/kernel")
    assert len(histograms) == 2, histograms
    buckets = tensor_util.make_ndarray(histograms[0].tensor_proto)
    assert buckets.shape[1] == 3 and (buckets[:, 1] - buckets[:, 0] == 1).all(), buckets
    assert 0 < buckets[:, 2].sum() <= 16, buckets  # of a kernel of 2 x 8; zeros are left out
    metadata = events.SummaryMetadata("gradient_log2/dense/kernel")
    assert metadata.plugin_data.plugin_name == "histograms", metadata
print("tensorboard: event files load")
