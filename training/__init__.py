"""The offline application that makes the next model: labels, dataset, fit, evaluation, card."""
