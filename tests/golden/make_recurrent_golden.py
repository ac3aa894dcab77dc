"""What real Keras computes for recurrent layers and wrappers: make_layer_golden.py says how.

    KERAS_BACKEND=jax python tests/golden/make_recurrent_golden.py > tests/golden/layers_recurrent.json
"""
from make_layer_golden import write

SEQUENCE = [2, 5, 4]
MASK = [[[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]]
LATE = [[[0, 0, 1, 1, 0], [1, 0, 1, 1, 1]]]


def wrapped(kind, **config):
    return {"module": "keras.layers", "class_name": kind, "config": {"name": "inner", **config}, "registered_name": None}


CASES = []
for kind in ("SimpleRNN", "LSTM", "GRU"):
    for title, config, masks in (
        ("", {}, ()),
        ("sequences", {"return_sequences": True}, ()),
        ("backwards", {"go_backwards": True}, ()),
        ("sequences, backwards", {"return_sequences": True, "go_backwards": True}, ()),
        ("no bias", {"use_bias": False}, ()),
        ("relu", {"activation": "relu"}, ()),
        ("silu, sequences", {"activation": "silu", "return_sequences": True}, ()),
        ("masked", {}, MASK),
        ("masked, sequences", {"return_sequences": True}, LATE),
        ("masked, sequences, zeros", {"return_sequences": True, "zero_output_for_mask": True}, LATE),
        ("masked, backwards", {"go_backwards": True, "return_sequences": True}, MASK),
    ):
        CASES.append((f"{kind}({title})", kind, {"units": 3, **config}, [SEQUENCE], False, *([masks] if masks else [])))
CASES += [
    ("LSTM(hard_sigmoid gates)", "LSTM", {"units": 3, "recurrent_activation": "hard_sigmoid"}, [SEQUENCE], False),
    ("LSTM(silu gates)", "LSTM", {"units": 2, "recurrent_activation": "silu"}, [SEQUENCE], False),
    ("LSTM(one step)", "LSTM", {"units": 3}, [[2, 1, 4]], False),
    ("GRU(reset before)", "GRU", {"units": 3, "reset_after": False}, [SEQUENCE], False),
    ("GRU(reset before, sequences)", "GRU", {"units": 3, "reset_after": False, "return_sequences": True}, [SEQUENCE], False),
    ("GRU(reset before, masked)", "GRU", {"units": 3, "reset_after": False}, [SEQUENCE], False, LATE),
    ("GRU(reset before, silu gates)", "GRU", {"units": 3, "reset_after": False, "recurrent_activation": "silu"}, [SEQUENCE], False),
    ("GRU(silu gates)", "GRU", {"units": 3, "recurrent_activation": "silu", "activation": "softsign"}, [SEQUENCE], False),
    ("Bidirectional(LSTM)", "Bidirectional", {"layer": wrapped("LSTM", units=3)}, [SEQUENCE], False),
    ("Bidirectional(LSTM, sequences)", "Bidirectional", {"layer": wrapped("LSTM", units=3, return_sequences=True)}, [SEQUENCE], False),
    ("Bidirectional(GRU, sum)", "Bidirectional", {"layer": wrapped("GRU", units=3), "merge_mode": "sum"}, [SEQUENCE], False),
    ("Bidirectional(GRU, sequences, mul)", "Bidirectional", {"layer": wrapped("GRU", units=3, return_sequences=True), "merge_mode": "mul"}, [SEQUENCE], False),
    ("Bidirectional(SimpleRNN, ave)", "Bidirectional", {"layer": wrapped("SimpleRNN", units=3), "merge_mode": "ave"}, [SEQUENCE], False),
    ("Bidirectional(LSTM, masked)", "Bidirectional", {"layer": wrapped("LSTM", units=3)}, [SEQUENCE], False, MASK),
    ("Bidirectional(LSTM, sequences, masked)", "Bidirectional", {"layer": wrapped("LSTM", units=3, return_sequences=True)}, [SEQUENCE], False, MASK),
    ("Bidirectional(own backward layer)", "Bidirectional",
     {"layer": wrapped("LSTM", units=3), "backward_layer": wrapped("GRU", units=2, go_backwards=True)}, [SEQUENCE], False),
    ("TimeDistributed(Dense)", "TimeDistributed", {"layer": wrapped("Dense", units=3, activation="tanh")}, [SEQUENCE], False),
    ("TimeDistributed(Conv2D)", "TimeDistributed", {"layer": wrapped("Conv2D", filters=2, kernel_size=[2, 2])}, [[2, 3, 4, 3, 2]], False),
    ("Masking", "Masking", {}, [SEQUENCE], False),
]

if __name__ == "__main__":
    write(CASES)
