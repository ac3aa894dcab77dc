// Sequences of tokens: words as numbers, in rows that are filled up with 0.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/data/source.h"

namespace evenflow {

// As Keras's TextVectorization splits with its defaults: ASCII letters become small, punctuation is left out, blanks
// separate.
std::vector<std::string> words_of(std::string_view text);

// "" (token 0, padding), "[UNK]" (token 1, any word that is not here), then the most frequent words: at most
// `max_tokens` in all, the more frequent ones first, equally frequent ones in falling order (Keras's StringLookup).
std::vector<std::string> count_vocabulary(std::span<const std::string_view> texts, std::int64_t max_tokens);

// A file with a word per line, the first two as above; so do TextVectorization.get_vocabulary()'s words make one.
std::string vocabulary_text(std::span<const std::string> vocabulary);
std::vector<std::string> read_vocabulary(std::string_view text);  // throws Error(input)

// (rows, length, ...) with each row's steps first, of shape `step` each, and then 0; a longer row loses its end.
// length 0: that of the longest row. Throws Error(input) when this takes many more numbers than the `bytes` of the file
// that they come from.
Tensor padded_rows(std::span<const std::span<const float>> rows, const Shape& step, std::int64_t length,
                   std::size_t bytes);

// The options max_tokens, length, vocabulary (a file to read) and save_vocabulary (a file to write): x and vocabulary
// of the data set for these texts out of a file of `bytes` bytes.
void read_texts(std::span<const std::string_view> texts, std::size_t bytes, DataSpec& spec, Dataset& data);

}  // namespace evenflow
