"""riskml in every merge request: what ``riskml init`` writes, and what the bot says."""
