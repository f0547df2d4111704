"""Systems: the model, typechecking, rewriting and its derivations, batches, printing."""
