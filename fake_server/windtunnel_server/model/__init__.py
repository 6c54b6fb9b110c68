"""What answers: models, validation, token counts, composed replies, batches."""
