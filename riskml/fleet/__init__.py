"""Many repositories: one function makes a table out of one of them, in processes of this machine or on a cluster."""
