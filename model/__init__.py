"""Events, features, tokenizer, transformer, training, checkpoints and readers."""
