"""What the notebooks of the book import: layers, data, figures and widgets."""
