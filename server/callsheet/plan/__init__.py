"""Plans: text in, `PlanDraft` and diagnostics out. No database, no disk."""
