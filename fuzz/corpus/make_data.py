#!/usr/bin/env python3
"""Makes the small data files in corpus/data with real NumPy; the unit tests of the data room read them too.

    python3 fuzz/corpus/make_data.py fuzz/corpus/data
"""
import gzip
import struct
import sys
from pathlib import Path

import numpy as np

out = Path(sys.argv[1])

# NPY: every element type in both byte orders. The same (2, 3) values: 0 1 2 / 3 4 5, the last one -5 where there is a sign.
for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
    values = np.array([[0, 1, 2], [3, 4, 5 if kind[0] == "u" else -5]])
    for order, name in (("<", "little"), (">", "big")):
        np.save(out / f"{kind}_{name}.npy", values.astype(order + kind))
np.save(out / "bool.npy", np.array([[False, True, False], [True, True, False]]))
np.save(out / "fortran.npy", np.asfortranarray(np.arange(24, dtype="f4").reshape(2, 3, 4)))
for version in ((2, 0), (3, 0)):
    with open(out / f"version{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, np.arange(6, dtype="f4").reshape(2, 3), version=version)
np.save(out / "object.npy", np.array([[1], "two"], dtype=object), allow_pickle=True)
np.save(out / "text.npy", np.array(["a", "bc"]))
np.save(out / "complex.npy", np.array([1 + 2j]))
np.save(out / "fields.npy", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]))
np.save(out / "labels.npy", np.array([1, 0], dtype="i8"))

# NPZ: stored and deflated.
x = np.arange(8, dtype="f8").reshape(4, 2)
y = np.array([0, 1, 2, 1], dtype="i8")
np.savez(out / "stored.npz", x=x, y=y)
np.savez_compressed(out / "deflated.npz", x=x, y=y)
np.savez_compressed(out / "parts.npz", x_train=x, y_train=y, x_test=x[:2] + 100, y_test=y[:2], extra=np.zeros(1))
np.savez(out / "capitals.npz", X=x.astype("f4"), y=y)
np.savez(out / "nameless.npz", x, y)
np.savez(out / "pickled.npz", x=np.array([[1], "two"], dtype=object), y=y)
ragged = {"x_values": np.array([1, 2, 3, 4, 5, 6]), "x_row_splits": np.array([0, 3, 3, 5, 6])}
np.savez(out / "ragged.npz", y=y, **ragged)
np.savez(out / "unsplit.npz", y=y, x_values=ragged["x_values"])
np.savez_compressed(out / "zeros.npz", x=np.zeros((300, 400), "u1"))

# CSV.
(out / "classes.csv").write_bytes(b"length,width,kind\n5.1,3.5,setosa\n7.0,3.2,versicolor\n6.3,3.3,virginica\n4.9,3,setosa\n")
(out / "quoted.csv").write_bytes(b'"a, b","say ""hi""",y\r\n"1.5",2,"no ""way"""\r\n-3e2,+.5,"two\nlines"\r\n')
(out / "semicolons.csv").write_bytes(b"\xef\xbb\xbfx1;x2;y\n1;2;0\n3;4;1\n")
(out / "numbers.csv").write_bytes(b"1,2,0\n3,4,1\n")

# IDX and CIFAR-10.
pixels = bytes(range(0, 240, 10))
(out / "tiny-images-idx3-ubyte").write_bytes(struct.pack(">4B3I", 0, 0, 8, 3, 4, 2, 3) + pixels)
(out / "tiny-labels-idx1-ubyte").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, 4) + bytes([3, 0, 1, 2]))
(out / "packed-images-idx3-ubyte.gz").write_bytes(
    gzip.compress(struct.pack(">4B3I", 0, 0, 8, 3, 4, 2, 3) + pixels, mtime=0))
(out / "floats-idx2").write_bytes(struct.pack(">4B2I4f", 0, 0, 0x0D, 2, 2, 2, 1.5, -2, 0, 4))
(out / "shorts-idx1").write_bytes(struct.pack(">4BI3h", 0, 0, 0x0B, 1, 3, -1, 0, 300))
record = bytes([7]) + bytes(i % 256 for i in range(1024)) + bytes([255] * 1024) + bytes([51] * 1024)
(out / "one.bin").write_bytes(record)
