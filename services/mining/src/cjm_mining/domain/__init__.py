"""The rules of analyses and the graphs they give."""
