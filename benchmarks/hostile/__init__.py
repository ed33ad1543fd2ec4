"""Random valid and invalid calls, which estimators must handle well."""
