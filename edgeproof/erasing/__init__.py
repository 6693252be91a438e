"""Erases: from what is asked to the signed receipt, and what checks a receipt."""
