"""Systems: the model, typechecking, batches, printing."""
