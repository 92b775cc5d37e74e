"""The catalog on disk: bars and corporate actions in Parquet files, found by a manifest."""
