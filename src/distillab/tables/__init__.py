"""The tables that reports read: from artifacts to records, without torch."""
