"""Events, features, tokenizer, transformer, training, checkpoints and readers."""

from model.compilation import use_own_cache

use_own_cache()  # before any kernel is declared
