"""The trained model: an artifact of data files, and what turns a feature vector into a probability with reasons."""
