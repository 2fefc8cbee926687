"""What is handed in: the paper's tables, charts and words, as pages, a workbook and CSV, all from the same values."""
