"""The gallery page of ``make run``: every photo in every form, with what each picture cost."""
