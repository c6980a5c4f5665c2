"""Trained models of a gallery: trained in a process of their own, kept, judged and used."""
