"""What can be done with analyses, one use case each."""
