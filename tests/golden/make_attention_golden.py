"""What real Keras computes for embeddings and attention: make_layer_golden.py says how.

    KERAS_BACKEND=jax python tests/golden/make_attention_golden.py > tests/golden/layers_attention.json
"""
from make_layer_golden import write

IDS = [[1, 2, 0, 5], [4, 1, 1, 0]]
QUERY = [2, 5, 6]
VALUE = [2, 4, 3]
KEY = [2, 4, 6]
LONG = [[1, 1, 1, 1, 0], [0, 1, 1, 1, 1]]
SHORT = [[1, 1, 1, 0], [1, 0, 1, 1]]
CAUSAL = {"use_causal_mask": True}
SCORES = {"return_attention_scores": True}


def embedding(title, **config):
    return (f"Embedding({title})", "Embedding", {"input_dim": 6, "output_dim": 3, **config}, [[2, 4]], False, (), None, IDS)


CASES = [embedding(""), embedding("mask_zero", mask_zero=True)]

HEADS = {"num_heads": 2, "key_dim": 3}
for title, config, shapes, masks, call in (
    # Keras: its fused path wants value_dim equal to key_dim; dropout, without effect here, takes the other one.
    ("", {}, [QUERY, QUERY], (), None),
    ("other value", {"value_dim": 5, "dropout": 0.5}, [QUERY, VALUE], (), None),
    ("other value and key", {"value_dim": 4, "output_shape": 7, "dropout": 0.5}, [QUERY, VALUE, KEY], (), None),
    ("output of two axes", {"output_shape": [2, 3]}, [QUERY, VALUE], (), None),
    ("no bias", {"use_bias": False}, [QUERY, VALUE], (), None),
    ("gate", {"use_gate": True, "value_dim": 2, "dropout": 0.5}, [QUERY, VALUE], (), None),
    ("causal", {}, [QUERY, QUERY], (), CAUSAL),
    ("causal, other value", {}, [QUERY, VALUE], (), CAUSAL),
    ("window", {"sliding_window": 2}, [QUERY, QUERY], (), None),
    ("window, causal", {"sliding_window": 3}, [QUERY, QUERY], (), CAUSAL),
    ("query masked", {}, [QUERY, VALUE], [LONG, None], None),
    ("value masked", {}, [QUERY, VALUE], [None, SHORT], None),
    ("key masked", {}, [QUERY, VALUE, KEY], [None, None, SHORT], None),
    ("all masked, causal", {}, [QUERY, VALUE, KEY], [LONG, SHORT, [[1, 1, 0, 1], [1, 1, 1, 1]]], CAUSAL),
    ("scores", {}, [QUERY, VALUE], (), SCORES),
    ("scores, masked", {}, [QUERY, VALUE], [LONG, SHORT], {**SCORES, **CAUSAL}),
    ("dropout, masked", {"dropout": 0.5}, [QUERY, VALUE], [LONG, SHORT], None),
):
    CASES.append((f"MultiHeadAttention({title})", "MultiHeadAttention", {**HEADS, **config}, shapes, False, masks, call))

for kind in ("Attention", "AdditiveAttention"):
    for title, config, shapes, masks, call in (
        ("", {}, [KEY, KEY], (), None),
        ("no scale", {"use_scale": False}, [QUERY, KEY], (), None),
        ("scale", {"use_scale": True}, [QUERY, KEY], (), None),
        ("key", {}, [QUERY, VALUE, KEY], (), None),
        ("causal", {}, [QUERY, KEY], (), CAUSAL),
        ("masked", {"dropout": 0.5}, [QUERY, VALUE, KEY], [LONG, SHORT, None], None),
        ("masked, causal, scores", {}, [QUERY, KEY], [LONG, SHORT], {**CAUSAL, **SCORES}),
        ("query masked", {}, [QUERY, KEY], [LONG, None], None),
    ):
        CASES.append((f"{kind}({title})", kind, config, shapes, False, masks, call))
CASES += [
    ("Attention(concat)", "Attention", {"score_mode": "concat"}, [QUERY, KEY], False),
    ("Attention(concat, scale)", "Attention", {"score_mode": "concat", "use_scale": True}, [QUERY, KEY], False),
]

if __name__ == "__main__":
    write(CASES)
