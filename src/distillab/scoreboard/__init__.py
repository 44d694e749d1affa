"""What the documents claim, beside what the runs on record found: from tables to findings to one page."""
