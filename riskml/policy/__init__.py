"""From an assessment and a service to a plan: rules, eligibility, stages. Knows no model and no deploy tool."""
