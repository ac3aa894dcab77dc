#!/usr/bin/env bash
# The main job on built-in data: a deep sigmoid network is found sick, the same with ReLU and He initialization healthy,
# and the healthy one learns. Usage: examples/demo.sh path/to/evenflow
set -euo pipefail
evenflow=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

show() {
  printf '\n\033[1m$ evenflow %s\033[0m\n' "$*"
  "$evenflow" "$@"
}
data=spirals:samples=2000,turns=1,noise=0.02,seed=1
shape=(--input 2 --hidden 64x30 --output 1 --output-activation sigmoid --loss binary_crossentropy --metrics accuracy)

echo "A network with 30 hidden layers of sigmoid units, as a Keras file, and what is wrong with it:"
show new deep.keras "${shape[@]}" --activation sigmoid --initializer glorot_uniform --optimizer sgd --learning-rate 0.01
show check deep.keras --data "$data" --fail-on never

echo
echo "The same network with ReLU and He initialization:"
show new healthy.keras "${shape[@]}" --activation relu --initializer he_normal --optimizer adam --learning-rate 0.001
show check healthy.keras --data "$data"
show train healthy.keras --data "$data" --epochs 20 --batch-size 64 -o trained.keras
show evaluate trained.keras --data "$data"
