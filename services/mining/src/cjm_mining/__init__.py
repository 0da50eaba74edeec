"""Analyses as jobs: process discovery, results, pictures."""
