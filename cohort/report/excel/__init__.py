"""The parts of the workbook: where tables stand, how cells look, front matter, sheets, checks and charts."""
